//! What follows on a failed attempt. Pure: the delay's randomness is given.

use std::time::Duration;

use crate::error::{Retry, StepError};
use crate::op::RetryPolicy;

/// What follows on a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Verdict {
    /// The step has failed.
    GiveUp,
    /// Another attempt, after this delay.
    Again(Duration),
}

/// Judges an attempt, counted from 1. `random` gives a number from 0 to 1.
pub(super) fn verdict(
    policy: Option<&RetryPolicy>,
    attempt: u32,
    error: &StepError,
    random: impl FnOnce() -> f64,
) -> Verdict {
    let Some(policy) = policy.filter(|policy| policy.allows_after(attempt)) else {
        return Verdict::GiveUp;
    };
    let retry = match error {
        StepError::Op(error) => error.retry(),
        StepError::Panicked(_) if !policy.retries_panics() => Retry::Never,
        StepError::Unmatched { .. } | StepError::NotStored { .. } => Retry::Never,
        StepError::Panicked(_) | StepError::Emit(_) | StepError::TimedOut { .. } => Retry::AsUsual,
    };
    match retry {
        Retry::Never => Verdict::GiveUp,
        Retry::After(delay) => Verdict::Again(delay),
        Retry::AsUsual => Verdict::Again(policy.delay_before(attempt, random)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::OpError;

    const SECOND: Duration = Duration::from_secs(1);

    fn judge(policy: RetryPolicy, attempt: u32, error: impl Into<OpError>) -> Verdict {
        verdict(Some(&policy), attempt, &StepError::Op(error.into()), || 0.5)
    }

    /// S27
    #[test]
    fn an_error_follows_the_policy_until_no_retry_is_left() {
        let policy = RetryPolicy::new(2).delay(SECOND);
        assert_eq!(judge(policy, 1, "no"), Verdict::Again(SECOND));
        assert_eq!(judge(policy, 2, "no"), Verdict::Again(SECOND));
        assert_eq!(judge(policy, 3, "no"), Verdict::GiveUp);
        assert_eq!(verdict(None, 1, &StepError::Op("no".into()), || 0.5), Verdict::GiveUp);
    }

    /// S29
    #[test]
    fn an_error_may_forbid_its_retry_or_name_the_delay() {
        let policy = RetryPolicy::new(1).delay(SECOND).max_delay(SECOND);
        assert_eq!(judge(policy, 1, OpError::permanent("no")), Verdict::GiveUp);
        let later = OpError::retry_after("busy", 9 * SECOND);
        assert_eq!(judge(policy, 1, later), Verdict::Again(9 * SECOND));
        let too_late = OpError::retry_after("busy", 9 * SECOND);
        assert_eq!(judge(policy, 2, too_late), Verdict::GiveUp);
    }

    /// S29
    #[test]
    fn a_panic_is_retried_only_if_the_policy_says_so() {
        let panicked = StepError::Panicked("oh".to_owned());
        let policy = RetryPolicy::new(1);
        assert_eq!(verdict(Some(&policy), 1, &panicked, || 0.5), Verdict::GiveUp);
        let policy = policy.retry_panics(true);
        assert_eq!(verdict(Some(&policy), 1, &panicked, || 0.5), Verdict::Again(Duration::ZERO));
    }
}
