//! The end of a run before its time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::op::Cancellation;
use crate::sync::lock;

/// Tells everybody in a run to stop. Shared with those who may ask for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// Nothing new starts.
    asked: Cancellation,
    /// What runs is not waited for.
    aborted: Cancellation,
    why: Mutex<Option<Why>>,
}

/// Why a run is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// Somebody asked for it: what runs may end in its own way, for a while.
    Canceled,
    /// It took longer than this.
    TimedOut(Duration),
    /// A step failed, and one failure is enough.
    FailFast,
    /// Its store keeps nothing more.
    NotStored,
    /// The engine broke a rule of its own, or nobody wants the run's result any more.
    Broken,
}

impl Stop {
    /// Starts nothing new, and lets what runs end.
    pub(crate) fn cancel(&self) {
        self.ask(Why::Canceled);
    }

    /// Starts nothing new, and aborts what runs.
    pub(crate) fn abort(&self, why: Why) {
        self.ask(why);
        self.0.aborted.ask();
    }

    fn ask(&self, why: Why) {
        lock(&self.0.why).get_or_insert(why);
        self.0.asked.ask();
    }

    /// The first reason there was.
    pub(super) fn why(&self) -> Option<Why> {
        self.is_stopped().then(|| *lock(&self.0.why)).flatten()
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.0.asked.is_asked()
    }

    /// Waits until the run is told to stop.
    pub(super) async fn stopped(&self) {
        self.0.asked.asked().await;
    }

    /// Waits until what runs is to be aborted.
    pub(super) async fn aborted(&self) {
        self.0.aborted.asked().await;
    }

    /// What ops see of it.
    pub(super) fn cancellation(&self) -> Cancellation {
        self.0.asked.clone()
    }
}
