//! How steps are tried: what goes wrong in their first attempts, and what follows on that.

use std::time::Duration;

use dynagraph::{Backoff, RetryPolicy};

use super::work::{V, Work, Wrong};

/// What an attempt has where its op may be late: so long that only an op whose time is paused takes longer.
pub(super) const TIMEOUT: Duration = Duration::from_secs(60);

/// A retry policy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Policy {
    pub(super) max_retries: u32,
    pub(super) delay: Duration,
    pub(super) backoff: Backoff,
    pub(super) max_delay: Option<Duration>,
    pub(super) retry_panics: bool,
}

/// What goes wrong at first, for some values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trouble {
    pub(super) what: Failing,
    /// It goes wrong in so many attempts, or in fewer, as the values say.
    pub(super) attempts: u32,
    /// It goes wrong for one in so many values.
    pub(super) every: i64,
}

/// How an attempt fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failing {
    Error,
    Permanent,
    After(Duration),
    Panic,
    /// It takes longer than it may: in all, or without a sign of life.
    Late {
        idle: bool,
    },
}

impl Failing {
    /// How long an attempt takes that ends so, if its op does nothing else.
    fn duration(self) -> Duration {
        match self {
            Self::Late { .. } => TIMEOUT,
            _ => Duration::ZERO,
        }
    }
}

impl Trouble {
    fn strikes(self, value: i64, attempt: u32) -> bool {
        let attempts = 1 + value.unsigned_abs() % u64::from(self.attempts);
        value.rem_euclid(self.every) == 0 && u64::from(attempt) <= attempts
    }
}

impl Work {
    /// What an attempt, counted from 1, gives for these inputs.
    pub(super) fn attempt(&self, inputs: &[V], attempt: u32) -> Result<Option<i64>, Failing> {
        let sum = self.sum(inputs);
        if let Some(trouble) = self.trouble.filter(|trouble| trouble.strikes(sum, attempt)) {
            return Err(trouble.what);
        }
        match self.compute(sum) {
            Ok(value) => Ok(Some(value)),
            Err(Wrong::Nothing) => Ok(None),
            Err(Wrong::Error) => Err(Failing::Error),
            Err(Wrong::Panic) => Err(Failing::Panic),
        }
    }

    /// Whether attempts have a time that they may not exceed; and whether that is one without a sign of life.
    pub(super) fn timeout(&self) -> Option<bool> {
        match self.trouble?.what {
            Failing::Late { idle } => Some(idle),
            _ => None,
        }
    }
}

impl Policy {
    pub(super) fn to_retry_policy(self) -> RetryPolicy {
        let Self { max_retries, delay, backoff, max_delay, retry_panics } = self;
        let policy = RetryPolicy::new(max_retries).delay(delay).backoff(backoff);
        let policy = policy.retry_panics(retry_panics);
        max_delay.into_iter().fold(policy, RetryPolicy::max_delay)
    }

    /// How long to wait after this attempt, counted from 1, if another one follows.
    fn delay_after(self, attempt: u32, failing: Failing) -> Option<Duration> {
        if attempt > self.max_retries {
            return None;
        }
        let factor = match self.backoff {
            Backoff::Linear => attempt,
            Backoff::Exponential => 2_u32.pow(attempt) - 1,
            _ => 1,
        };
        let delay = self.delay * factor;
        match failing {
            Failing::Permanent => None,
            Failing::Panic if !self.retry_panics => None,
            Failing::After(delay) => Some(delay),
            Failing::Error | Failing::Panic | Failing::Late { .. } => {
                Some(self.max_delay.map_or(delay, |most| delay.min(most)))
            }
        }
    }
}

/// A step that was tried until it gave something or no retry was left.
pub(super) struct Tried<T> {
    pub(super) result: Result<T, Failing>,
    /// What lay between the beginnings of its attempts, if nothing else went on.
    pub(super) waits: Vec<Duration>,
}

impl<T> Tried<T> {
    pub(super) fn attempts(&self) -> u32 {
        u32::try_from(self.waits.len() + 1).unwrap_or(u32::MAX)
    }
}

/// Tries a step. `attempt` is given the number of the attempt, counted from 1.
pub(super) fn attempts<T>(
    policy: Option<Policy>,
    mut attempt: impl FnMut(u32) -> Result<T, Failing>,
) -> Tried<T> {
    let mut waits = Vec::new();
    for number in 1.. {
        let failing = match attempt(number) {
            Err(failing) => failing,
            result => return Tried { result, waits },
        };
        match policy.and_then(|policy| policy.delay_after(number, failing)) {
            Some(delay) => waits.push(failing.duration() + delay),
            None => return Tried { result: Err(failing), waits },
        }
    }
    unreachable!("a policy has an end")
}
