//! The slots that a lane holds.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::engine::Engine;
use crate::engine::fan_out::FanOut;
use crate::engine::limit::{NodeSlots, acquire};
use crate::graph::NodeId;

/// The slots that a lane holds while it runs steps: that of its key, and that of the run.
#[derive(Debug, Default)]
pub(in crate::engine) struct LaneSlots {
    key_slots: Option<Arc<Semaphore>>,
    pub(super) key: Option<OwnedSemaphorePermit>,
    pub(super) run: Option<OwnedSemaphorePermit>,
}

impl LaneSlots {
    pub(super) fn new(fan_out: &FanOut) -> Self {
        Self { key_slots: fan_out.key_slots.clone(), key: None, run: None }
    }

    /// Takes what is missing. The run's slot is always the last.
    pub(in crate::engine) async fn take(&mut self, engine: &Engine) {
        let keyed = self.key.is_some() || self.key_slots.is_none();
        if keyed && self.run.is_none() {
            self.run = engine.try_run_slot();
        }
        if !keyed || self.run.is_none() {
            // Who does not wait needs no room for it.
            Box::pin(self.wait(engine)).await;
        }
    }

    async fn wait(&mut self, engine: &Engine) {
        if let Some(slots) = &self.key_slots
            && self.key.is_none()
        {
            self.run = None;
            self.key = Some(acquire(slots).await);
        }
        self.run = Some(engine.run_slot().await);
    }

    /// Gives the run's slot back, while the key waits for others.
    pub(super) fn give_back(&mut self) {
        self.run = None;
    }

    /// Gives everything back: no key runs.
    pub(super) fn give_all_back(&mut self) {
        (self.run, self.key) = (None, None);
    }

    /// Takes what a node's steps need beside.
    pub(super) async fn take_beside(&mut self, engine: &Engine, node: NodeId) -> NodeSlots {
        if let Some(beside) = engine.try_beside(node) {
            return beside;
        }
        self.give_back();
        let (beside, run) = engine.beside(node).await;
        self.run = Some(run);
        beside
    }

    /// Waits before a retry, and gives everything to others meanwhile.
    pub(in crate::engine) async fn rest(&mut self, engine: &Engine, delay: Duration) {
        if delay.is_zero() {
            tokio::task::yield_now().await;
        } else {
            self.give_all_back();
            tokio::time::sleep(delay).await;
        }
        self.take(engine).await;
    }
}
