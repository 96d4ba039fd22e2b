//! The slot of a key whose steps may run at once.

use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::fan_out::FanOut;
use super::limit::acquire;
use crate::sync::lock;

/// The slot of a key among those of its fan-out that run at once, if these are counted.
///
/// It is given to others while steps of the key wait for their retries and none runs.
#[derive(Debug, Default)]
pub(super) struct KeySlot {
    slots: Option<Arc<Semaphore>>,
    /// Whether it may be given to others.
    lends: bool,
    state: Mutex<State>,
    /// Held by the step that takes the slot again: a second one would take a second slot.
    taking: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    slot: Option<OwnedSemaphorePermit>,
    running: usize,
    resting: usize,
}

impl State {
    /// The slot, if no step needs it now and others may have it.
    fn unneeded(&mut self) -> Option<OwnedSemaphorePermit> {
        let lent = self.running == 0 && self.resting > 0;
        if lent { self.slot.take() } else { None }
    }
}

/// The slot of a key, held until it is dropped.
#[derive(Debug)]
pub(super) struct Held(Arc<KeySlot>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.change(|state| state.running = state.running.saturating_sub(1));
    }
}

impl KeySlot {
    /// Takes a slot for the next key of a fan-out.
    pub(super) async fn take(fan_out: &FanOut) -> Self {
        let slots = fan_out.key_slots.clone();
        let slot = match &slots {
            Some(slots) => Some(acquire(slots).await),
            None => None,
        };
        let state = Mutex::new(State { slot, ..State::default() });
        Self { slots, lends: fan_out.may_rest, state, taking: tokio::sync::Mutex::default() }
    }

    /// A step is to run.
    pub(super) async fn enter(&self) {
        let Some(slots) = self.slots.as_ref().filter(|_| self.lends) else { return };
        {
            let mut state = lock(&self.state);
            state.running += 1;
            if state.slot.is_some() {
                return;
            }
        }
        let _taking = self.taking.lock().await;
        let taken = lock(&self.state).slot.is_some();
        if !taken {
            let slot = acquire(slots).await;
            lock(&self.state).slot = Some(slot);
        }
    }

    /// A step has run.
    pub(super) fn leave(&self) {
        self.change(|state| state.running = state.running.saturating_sub(1));
    }

    /// Lets a step that runs wait for its retry.
    pub(super) async fn rest(&self, wait: impl Future<Output = ()>) {
        self.change(|state| {
            state.running = state.running.saturating_sub(1);
            state.resting += 1;
        });
        wait.await;
        self.change(|state| state.resting -= 1);
        self.enter().await;
    }

    /// Holds the slot for an attempt, which may run on after its step's end.
    pub(super) fn hold(slot: &Arc<Self>) -> Held {
        slot.change(|state| state.running += 1);
        Held(Arc::clone(slot))
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        if self.lends {
            let mut state = lock(&self.state);
            change(&mut state);
            let unneeded = state.unneeded();
            drop(state);
            drop(unneeded);
        }
    }
}
