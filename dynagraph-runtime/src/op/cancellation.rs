//! Whether a run, or an attempt, was asked to end.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::sync::until;

/// Is given once, and seen by all.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    given: AtomicBool,
    told: Notify,
}

impl Signal {
    pub(crate) fn ask(&self) {
        self.given.store(true, Ordering::SeqCst);
        self.told.notify_waiters();
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.given.load(Ordering::Relaxed)
    }

    /// Waits until it is given.
    pub(crate) async fn asked(&self) {
        until(&self.told, || self.given.load(Ordering::SeqCst).then_some(())).await;
    }
}

/// Tells everybody who holds one that the run is to end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cancellation(Arc<Signal>);

impl Deref for Cancellation {
    type Target = Signal;

    fn deref(&self) -> &Signal {
        &self.0
    }
}
