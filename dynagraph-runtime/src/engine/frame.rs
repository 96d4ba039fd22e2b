//! One instance of a scope, as those inside of it see it.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::cause::CopyOf;
use super::cell::Cell;
use super::limit::semaphore;
use crate::graph::ScopeId;
use crate::key::KeyPath;
use crate::plan::{Place, Plan};

/// The values of one instance, and of those around it.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) scope: ScopeId,
    pub(super) path: KeyPath,
    parent: Option<Arc<Self>>,
    cells: Vec<Cell>,
    /// The limits shared by the fan-outs of one scope further down.
    limits: Vec<(ScopeId, Arc<Semaphore>)>,
}

impl Frame {
    pub(super) fn new(
        plan: &Plan,
        scope: ScopeId,
        parent: Option<Arc<Self>>,
        path: KeyPath,
    ) -> Arc<Self> {
        let layout = plan.scope(scope);
        let limits = layout.owned_limits.iter();
        let limits = limits.map(|(of, limit)| (*of, semaphore(*limit)));
        Arc::new(Self {
            scope,
            path,
            parent,
            cells: layout.uses.iter().map(|uses| Cell::new(*uses)).collect(),
            limits: limits.collect(),
        })
    }

    /// The copy that it is.
    pub(super) fn copy(&self) -> CopyOf {
        CopyOf { scope: self.scope, path: self.path.clone() }
    }

    pub(super) fn cell(&self, cell: usize) -> &Cell {
        &self.cells[cell]
    }

    /// The cell at a place, as this instance sees it.
    pub(super) fn at(&self, place: Place) -> &Cell {
        self.up(place.up).cell(place.cell)
    }

    /// The instance so many scopes up.
    pub(super) fn up(&self, levels: usize) -> &Self {
        let mut frame = self;
        for _ in 0..levels {
            frame = match &frame.parent {
                Some(parent) => parent,
                None => unreachable!("a plan never reaches above the root"),
            };
        }
        frame
    }

    pub(super) fn limit(&self, of: ScopeId) -> Option<Arc<Semaphore>> {
        self.limits.iter().find(|(scope, _)| *scope == of).map(|(_, limit)| Arc::clone(limit))
    }
}
