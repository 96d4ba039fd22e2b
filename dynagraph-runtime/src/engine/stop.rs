//! The end of a run before its time.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Tells everybody in a run to stop.
#[derive(Debug, Default)]
pub(super) struct Stop {
    stopped: AtomicBool,
    told: Notify,
}

impl Stop {
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.told.notify_waiters();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Waits until the run is told to stop.
    pub(super) async fn stopped(&self) {
        loop {
            let mut told = std::pin::pin!(self.told.notified());
            told.as_mut().enable();
            if self.stopped.load(Ordering::SeqCst) {
                return;
            }
            told.await;
        }
    }
}
