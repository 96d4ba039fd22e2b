//! Where a value waits for those who use it.

use std::sync::Mutex;

use tokio::sync::Notify;

use super::cause::Cause;
use super::outcome::{Fate, Outcome};
use crate::sync::{lock, until};
use crate::value::Erased;

/// A value of one instance: set once, dropped at its last use.
#[derive(Debug)]
pub(super) struct Cell {
    state: Mutex<State>,
    settled: Notify,
}

#[derive(Debug)]
struct State {
    fate: Option<Fate>,
    /// Why it failed.
    cause: Cause,
    value: Option<Erased>,
    uses: usize,
}

impl Cell {
    pub(super) fn new(uses: usize) -> Self {
        let state = State { fate: None, cause: Cause::UNKNOWN, value: None, uses };
        Self { state: Mutex::new(state), settled: Notify::new() }
    }

    pub(super) fn set(&self, outcome: Outcome) {
        let mut state = lock(&self.state);
        state.fate = Some(outcome.fate());
        let unused = match outcome {
            Outcome::Ready(value) if state.uses > 0 => {
                state.value = Some(value);
                None
            }
            Outcome::Ready(value) => Some(value),
            Outcome::Failed(cause) => {
                state.cause = cause;
                None
            }
            Outcome::Skipped => None,
        };
        drop(state);
        self.settled.notify_waiters();
        // Not under the lock: its `Drop` is not ours.
        drop(unused);
    }

    /// What became of the value, if that is known.
    pub(super) fn fate(&self) -> Option<Fate> {
        lock(&self.state).fate
    }

    /// Why the value failed, if it did.
    pub(super) fn cause(&self) -> Cause {
        lock(&self.state).cause.clone()
    }

    /// Waits until it is known what became of the value.
    pub(super) async fn settled(&self) -> Fate {
        match self.fate() {
            Some(fate) => fate,
            None => until(&self.settled, || self.fate()).await,
        }
    }

    /// Uses the value: moved at the last use, shared before. The cell must be settled.
    pub(super) fn take(&self) -> Outcome {
        let mut state = lock(&self.state);
        state.uses = state.uses.saturating_sub(1);
        let last = state.uses == 0;
        let value = if last { state.value.take() } else { state.value.clone() };
        state.outcome(value)
    }

    /// Shares the value; the use ends with [`release`](Self::release). The cell must be settled.
    pub(super) fn share(&self) -> Outcome {
        let state = lock(&self.state);
        state.outcome(state.value.clone())
    }

    /// Shares the value, if it is there and its last use has not ended.
    pub(super) fn try_share(&self) -> Option<Outcome> {
        let state = lock(&self.state);
        match (state.fate?, &state.value) {
            (Fate::Ready, value) => value.clone().map(Outcome::Ready),
            (fate, _) => Some(fate.without_value(|| state.cause.clone())),
        }
    }

    /// Ends a use.
    pub(super) fn release(&self) {
        let mut state = lock(&self.state);
        state.uses = state.uses.saturating_sub(1);
        let value = if state.uses == 0 { state.value.take() } else { None };
        drop(state);
        drop(value);
    }
}

impl State {
    fn outcome(&self, value: Option<Erased>) -> Outcome {
        match (self.fate, value) {
            (Some(Fate::Ready), Some(value)) => Outcome::Ready(value),
            (Some(Fate::Skipped), _) => Outcome::Skipped,
            (Some(Fate::Failed), _) => Outcome::Failed(self.cause.clone()),
            (fate, _) => {
                unreachable!("a value is used as often as the plan says, not once it is {fate:?}")
            }
        }
    }
}
