//! A step that runs, or waits for its retry: if it is dropped before its end, it was canceled.

use super::Engine;
use super::chain::{At, Chain};
use super::ledger::Ended;
use crate::graph::NodeId;
use crate::key::KeyPath;

/// A step that runs: if it is dropped before its end, it was canceled.
pub(super) struct InFlight<'a, P: Fn() -> KeyPath> {
    engine: &'a Engine,
    node: NodeId,
    attempts: u32,
    path: P,
    ended: bool,
}

impl<'a, P: Fn() -> KeyPath> InFlight<'a, P> {
    pub(super) fn new(engine: &'a Engine, node: NodeId, attempts: u32, path: P) -> Self {
        Self { engine, node, attempts, path, ended: false }
    }

    pub(super) fn ended(mut self) {
        self.ended = true;
    }

    pub(super) fn ended_with<T>(self, result: T) -> T {
        self.ended();
        result
    }
}

/// A chain's step that waits for its retry.
pub(super) fn resting<'a>(
    engine: &'a Engine,
    chain: &'a Chain,
    at: At<'a>,
) -> InFlight<'a, impl Fn() -> KeyPath + 'a> {
    InFlight::new(engine, chain.next_node(), chain.attempt() - 1, move || chain.path(at))
}

impl<P: Fn() -> KeyPath> Drop for InFlight<'_, P> {
    fn drop(&mut self) {
        if !self.ended {
            let canceled = Ended::canceled(self.node, self.attempts, None);
            self.engine.record(canceled, || (self.path)());
        }
    }
}
