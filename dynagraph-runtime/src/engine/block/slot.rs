//! Where a key waits: what its attempt wakes, so that some lane goes on with it.
//!
//! ```text
//!            put             wake                take
//!   empty ─────────▶ waiting ──────▶ queued ─────────────▶ empty, and polled
//!     └── wake ──▶ woken ── put ─────▶ queued
//! ```

use std::fmt;
use std::mem::{replace, take};
use std::sync::{Arc, Mutex, Weak};
use std::task::Wake;

use super::waiting::Waiting;
use crate::engine::fan_out::FanOut;
use crate::op::Running;
use crate::sync::lock;

/// A place for a key that waits, and for others after it.
///
/// A wake that is late, and meant for a key that was here before, has another one polled once too often.
pub(in crate::engine) struct Slot {
    fan_out: Weak<FanOut>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: Option<Waiting>,
    /// Whether it is among those that some lane is to go on with.
    queued: bool,
    /// Whether its waker was called while there was no key.
    woken: bool,
    /// Where an attempt that has ended went on.
    spare: Running,
}

impl Slot {
    pub(in crate::engine) fn new(fan_out: &Arc<FanOut>) -> Arc<Self> {
        let fan_out = Arc::downgrade(fan_out);
        Arc::new(Self { fan_out, state: Mutex::default() })
    }

    /// Leaves a key here. Gives where others may go on.
    pub(in crate::engine) fn put(self: &Arc<Self>, waiting: Waiting) -> Running {
        let mut state = lock(&self.state);
        state.waiting = Some(waiting);
        let spare = take(&mut state.spare);
        if take(&mut state.woken) && !replace(&mut state.queued, true) {
            drop(state);
            self.queue();
        }
        spare
    }

    /// Takes the key, to go on with it.
    pub(in crate::engine) fn take(&self) -> Option<Waiting> {
        let mut state = lock(&self.state);
        (state.queued, state.woken) = (false, false);
        state.waiting.take()
    }

    /// Keeps where an attempt that has ended went on.
    pub(in crate::engine) fn keep(&self, running: Running) {
        lock(&self.state).spare = running;
    }

    fn queue(self: &Arc<Self>) {
        if let Some(fan_out) = self.fan_out.upgrade() {
            fan_out.push_woken(Arc::clone(self));
        }
    }
}

impl Wake for Slot {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        if state.waiting.is_none() {
            state.woken = true;
        } else if !replace(&mut state.queued, true) {
            drop(state);
            self.queue();
        }
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").finish_non_exhaustive()
    }
}
