//! How a run ends before its time: what runs is told, waited for, and then aborted.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::Notify;

use super::Engine;
use super::stop::Why;
use crate::event::EventKind;
use crate::key::StepKey;
use crate::sync::until;

/// Counts what goes on, and tells when nothing does.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    count: AtomicUsize,
    none: Notify,
}

impl Gauge {
    pub(super) fn add(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn sub(&self) {
        if self.count.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.none.notify_waiters();
        }
    }

    async fn none(&self) {
        until(&self.none, || (self.count.load(Ordering::SeqCst) == 0).then_some(())).await;
    }
}

impl Engine {
    /// Waits until the run is told to end before its end, and what runs need not be waited for any longer.
    ///
    /// `pressed` listens for Ctrl-C, if anything does.
    pub(super) async fn told_to_end(&self, pressed: impl Future<Output = ()>) {
        tokio::select! {
            biased;
            () = self.stop.stopped() => {}
            after = timeout(self.options.timeout) => self.stop.abort(Why::TimedOut(after)),
            () = pressed => self.stop.cancel(),
            () = self.cancel_asked_in_store() => self.stop.cancel(),
            () = self.store_failed() => self.stop.abort(Why::NotStored),
        }
        tokio::select! {
            biased;
            () = self.stop.aborted() => {}
            () = self.nothing_runs() => {}
            () = tokio::time::sleep(self.options.grace) => {}
            () = ctrl_c(self.options.cancel_on_ctrl_c) => {}
            () = self.store_failed() => {}
        }
    }

    /// Waits until no step runs. From then on, none starts.
    async fn nothing_runs(&self) {
        let all = u32::try_from(self.at_once.get()).unwrap_or(u32::MAX);
        // Whoever waits for a slot and gets one gives it back, as the run is told to stop.
        let _all = self.run_slots.acquire_many(all).await;
        self.lenders.none().await;
    }

    /// Aborts every task, and says which steps go on nevertheless: they block their threads.
    pub(super) fn abort_tasks(&self) -> Vec<StepKey> {
        self.stop.abort(Why::Broken);
        self.tasks.abort();
        let blocking = self.tasks.blocking().into_iter();
        let steps: Vec<_> = blocking.map(|(node, path)| self.step_key(node, path)).collect();
        if !steps.is_empty() {
            self.listeners.tell(|| EventKind::RunWaiting { steps: steps.clone() });
        }
        steps
    }
}

async fn timeout(after: Option<Duration>) -> Duration {
    let Some(after) = after else { return std::future::pending().await };
    tokio::time::sleep(after).await;
    after
}

/// Waits for Ctrl-C, from the first poll on. If nobody is to listen or can, for ever.
pub(super) async fn ctrl_c(listens: bool) {
    if !listens {
        std::future::pending::<()>().await;
    }
    // Tokio panics in a runtime without I/O.
    let pressed = AssertUnwindSafe(tokio::signal::ctrl_c()).catch_unwind().await;
    if !matches!(pressed, Ok(Ok(()))) {
        std::future::pending::<()>().await;
    }
}
