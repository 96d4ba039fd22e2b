//! Slots: how many steps run at once.
//!
//! A step takes the slot of its node first and that of the run last, always in this order, and holds them only while its
//! op runs. Whoever has both is running, and so gives them back; nobody waits in a circle.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Engine;
use super::cell::lock;
use crate::graph::NodeId;

/// The slots of one running step.
#[derive(Debug)]
pub(super) struct Slots {
    _run: OwnedSemaphorePermit,
    _beside: NodeSlots,
}

/// So many slots.
pub(super) fn semaphore(limit: NonZeroUsize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(limit.get().min(Semaphore::MAX_PERMITS)))
}

/// Takes a slot. Semaphores of the engine are never closed.
pub(super) async fn acquire(semaphore: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    match Arc::clone(semaphore).acquire_owned().await {
        Ok(permit) => permit,
        Err(_) => std::future::pending().await,
    }
}

/// The slots of one step beside that of the run.
#[derive(Debug)]
pub(super) struct NodeSlots {
    _node: Option<OwnedSemaphorePermit>,
}

impl Engine {
    /// Whether a node's steps need more than the run's slot.
    pub(super) fn is_limited(&self, node: NodeId) -> bool {
        self.node_slots[node.0].is_some()
    }

    /// Takes a slot of the run.
    pub(super) async fn run_slot(&self) -> OwnedSemaphorePermit {
        let permit = acquire(&self.run_slots).await;
        if self.stop.is_stopped() {
            drop(permit);
            return std::future::pending().await;
        }
        permit
    }

    pub(super) fn try_beside(&self, node: NodeId) -> Option<NodeSlots> {
        let slots = self.node_slots[node.0].as_ref()?;
        let permit = Arc::clone(slots).try_acquire_owned().ok()?;
        Some(NodeSlots { _node: Some(permit) })
    }

    pub(super) async fn beside(&self, node: NodeId) -> (NodeSlots, OwnedSemaphorePermit) {
        let node = match &self.node_slots[node.0] {
            Some(slots) => Some(acquire(slots).await),
            None => None,
        };
        (NodeSlots { _node: node }, self.run_slot().await)
    }

    pub(super) async fn slots(&self, node: NodeId) -> Slots {
        let (beside, run) = self.beside(node).await;
        Slots { _run: run, _beside: beside }
    }
}

/// The slots of a producer, which gives them up while it waits for room.
#[derive(Debug)]
pub(super) struct Lendable {
    engine: Arc<Engine>,
    node: NodeId,
    state: Mutex<Lent>,
    /// Held by the emit that takes the slots again: a second one would wait for what the first has.
    taking: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Lent {
    slots: Option<Slots>,
    /// How many of the producer's emits wait. The slots are given up while it is not zero.
    waiting: usize,
    /// Whether the step has ended, and so needs no slots.
    ended: bool,
}

impl Lent {
    fn needs_slots(&self) -> bool {
        self.waiting == 0 && self.slots.is_none() && !self.ended
    }
}

impl Lendable {
    pub(super) fn new(engine: Arc<Engine>, node: NodeId, slots: Slots) -> Arc<Self> {
        engine.lenders.add();
        let state = Mutex::new(Lent { slots: Some(slots), waiting: 0, ended: false });
        Arc::new(Self { engine, node, state, taking: tokio::sync::Mutex::default() })
    }

    /// Gives the slots up while `wait` waits.
    pub(super) async fn give_up_during(&self, wait: impl Future<Output = ()>) {
        struct Waiting<'a>(&'a Lendable);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                lock(&self.0.state).waiting -= 1;
            }
        }

        let slots = {
            let mut state = lock(&self.state);
            state.waiting += 1;
            state.slots.take()
        };
        let waiting = Waiting(self);
        drop(slots);
        wait.await;
        drop(waiting);
        // A producer that is told to stop goes on without them, to its end.
        if self.engine.stop.is_stopped() || !lock(&self.state).needs_slots() {
            return;
        }
        let _taking = self.taking.lock().await;
        let needs_slots = lock(&self.state).needs_slots();
        if needs_slots {
            let slots = self.engine.slots(self.node).await;
            let mut state = lock(&self.state);
            if state.needs_slots() {
                state.slots = Some(slots);
            }
        }
    }

    /// Gives the slots up for good.
    pub(super) fn give_back(&self) {
        let (ended_before, slots) = {
            let mut state = lock(&self.state);
            (std::mem::replace(&mut state.ended, true), state.slots.take())
        };
        drop(slots);
        if !ended_before {
            self.engine.lenders.sub();
        }
    }
}
