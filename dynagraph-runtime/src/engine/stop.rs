//! The end of a run before its time.

use crate::op::Cancellation;

/// Tells everybody in a run to stop.
#[derive(Debug, Default)]
pub(super) struct Stop {
    cancellation: Cancellation,
}

impl Stop {
    pub(super) fn stop(&self) {
        self.cancellation.ask();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.cancellation.is_asked()
    }

    /// Waits until the run is told to stop.
    pub(super) async fn stopped(&self) {
        self.cancellation.asked().await;
    }

    /// What ops see of it.
    pub(super) fn cancellation(&self) -> Cancellation {
        self.cancellation.clone()
    }
}
