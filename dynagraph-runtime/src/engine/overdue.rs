//! The time an attempt has: in all, and without a sign of life.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::error::StepError;
use crate::op::{Returned, StepInfo, StepRules};
use crate::value::drop_caught;

/// The time that an attempt has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Deadlines {
    timeout: Option<Duration>,
    idle_timeout: Option<Duration>,
}

/// When an attempt is overdue, if it goes on as it does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Due {
    at: Instant,
    after: Duration,
    idle: bool,
}

impl Deadlines {
    pub(super) fn new(rules: &StepRules) -> Self {
        Self { timeout: rules.timeout, idle_timeout: rules.idle_timeout }
    }

    /// Whether there is no limit.
    pub(super) fn are_none(self) -> bool {
        self == Self::default()
    }

    /// Says that an attempt which nobody could end took too long.
    pub(super) fn missed_by(self, took: Duration) -> Option<StepError> {
        let after = self.timeout.filter(|after| took > *after)?;
        Some(StepError::TimedOut { after, idle: false, still_running: false })
    }

    /// When an attempt that began then, and last gave a sign of life then, is overdue. A time too far away is never.
    fn due(self, began: Instant, beat: Option<Instant>) -> Option<Due> {
        let due = |from: Instant, after: Option<Duration>, idle| {
            let after = after?;
            Some(Due { at: from.checked_add(after)?, after, idle })
        };
        let whole = due(began, self.timeout, false);
        let silent = due(beat.unwrap_or(began), self.idle_timeout, true);
        whole.into_iter().chain(silent).min_by_key(|due| due.at)
    }

    /// Waits until an attempt that begins now is overdue.
    pub(super) async fn missed(self, info: &StepInfo) -> Missed {
        let began = Instant::now();
        loop {
            let beat = info.last_beat();
            let Some(due) = self.due(began, beat) else { return std::future::pending().await };
            sleep_until(due.at).await;
            let beat = info.last_beat();
            if self.due(began, beat) == Some(due) {
                return Missed { after: due.after, idle: due.idle };
            }
        }
    }

    /// Drives an attempt, and drops it when it is overdue.
    pub(super) async fn bound<F>(self, info: Arc<StepInfo>, attempt: F) -> F::Output
    where
        F: Future<Output = Result<Returned, StepError>> + Unpin,
    {
        let mut attempt = attempt;
        let missed = tokio::select! {
            biased;
            result = &mut attempt => return result,
            missed = self.missed(&info) => missed,
        };
        // Its `Drop` is not ours.
        drop_caught(attempt);
        Err(missed.error(false))
    }
}

/// How an attempt missed its time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Missed {
    after: Duration,
    idle: bool,
}

impl Missed {
    pub(super) fn error(self, still_running: bool) -> StepError {
        let Self { after, idle } = self;
        StepError::TimedOut { after, idle, still_running }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_attempt_is_overdue_when_the_first_of_its_times_is_over() {
        let began = Instant::now();
        let deadlines = Deadlines { timeout: Some(9 * SECOND), idle_timeout: Some(2 * SECOND) };
        let due = |beat: Option<Duration>| {
            let due = deadlines.due(began, beat.map(|beat| began + beat));
            due.map(|due| (due.at - began, due.idle))
        };
        assert_eq!(due(None), Some((2 * SECOND, true)));
        assert_eq!(due(Some(5 * SECOND)), Some((7 * SECOND, true)));
        assert_eq!(due(Some(8 * SECOND)), Some((9 * SECOND, false)));
    }

    #[test]
    fn a_time_that_no_clock_reaches_is_never() {
        let deadlines = Deadlines { timeout: Some(Duration::MAX), idle_timeout: None };
        assert_eq!(deadlines.due(Instant::now(), None), None);
    }
}
