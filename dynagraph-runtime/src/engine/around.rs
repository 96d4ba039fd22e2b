//! What the instances that one lane runs have in common, and the key of one of them.

use std::cell::OnceCell;
use std::sync::Arc;

use super::Engine;
use super::attempt::{AsPath, StepEnvironment};
use super::frame::Frame;
use crate::graph::{NodeId, ScopeId};
use crate::key::{KeyPath, MappingKey, SharedPath};
use crate::plan::ScopePlan;

/// What does not change from instance to instance.
///
/// Apart from the rest, so that a step borrows it: sharing the engine anew for each would make all lanes meet there.
#[derive(Debug)]
pub(super) struct Around {
    pub(super) engine: Arc<Engine>,
    pub(super) scope: ScopeId,
    /// The instance around.
    pub(super) outer: Arc<Frame>,
    /// Its path, for the keys of this lane alone. Made when a step needs it.
    outer_path: OnceCell<SharedPath>,
}

/// The key of the instance that runs.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) index: u64,
    pub(super) key: MappingKey,
}

/// The path of the instance that runs, made when somebody asks.
#[derive(Debug)]
pub(super) struct CopyPath<'a> {
    around: &'a Around,
    key: &'a Key,
}

impl AsPath for CopyPath<'_> {
    fn path(&self) -> KeyPath {
        self.around.path(self.key)
    }
}

impl Around {
    pub(super) fn new(engine: Arc<Engine>, scope: ScopeId, outer: Arc<Frame>) -> Self {
        Self { engine, scope, outer, outer_path: OnceCell::new() }
    }

    pub(super) fn plan(&self) -> &ScopePlan {
        self.engine.plan.scope(self.scope)
    }

    pub(super) fn path(&self, key: &Key) -> KeyPath {
        self.outer_path().child(key.key.clone(), key.index)
    }

    /// What the paths of all keys go on from.
    pub(super) fn outer_path(&self) -> &SharedPath {
        self.outer_path.get_or_init(|| self.outer.path.shared())
    }

    /// As [`path`](Self::path), for a key that is not used any more.
    #[inline]
    pub(super) fn path_of(&self, key: &mut Key) -> KeyPath {
        self.outer_path().child(key.key.take(), key.index)
    }

    /// What the op of a node can ask for.
    pub(super) fn environment<'a>(
        &'a self,
        key: &'a Key,
        node: NodeId,
        attempt: u32,
    ) -> StepEnvironment<'a, CopyPath<'a>> {
        let path = CopyPath { around: self, key };
        StepEnvironment {
            engine: &self.engine,
            node,
            attempt,
            path,
            ports: &[],
            info: OnceCell::new(),
        }
    }
}
