//! A step of an instance that runs, or waits for its retry.

use super::Engine;
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

impl<P: Fn() -> KeyPath> Drop for InFlight<'_, P> {
    fn drop(&mut self) {
        if !self.ended {
            let canceled = Ended::canceled(self.node, self.attempts, None);
            self.engine.record(canceled, || (self.path)());
        }
    }
}
