//! How often a step is tried again, and how long it waits before.

use std::time::Duration;

/// Whether, when and how often a step that failed is tried again.
///
/// Given to an op by `#[op(max_retries = 3, …)]`, to one use of it by `.retry(..)`, to a run by `run().default_retry(..)`;
/// the nearest wins, as a whole. Only the `retry_if` of `#[op]` is no part of it, and stays the op's, whoever's policy counts.
/// Retries are counted for each step key.
///
/// The delay before retry `n`, counted from 1, is [`Backoff`] applied to [`delay`](Self::delay), then [`Jitter`], and never more
/// than [`max_delay`](Self::max_delay).
/// A step that waits for its next attempt gives its slots to others.
/// [`OpError::permanent`](crate::OpError::permanent) is never retried, a panic only with [`retry_panics`](Self::retry_panics),
/// and [`OpError::retry_after`](crate::OpError::retry_after) names its own delay.
///
/// What an op takes by value is cloned for every attempt but the last one that there may be.
///
/// An op that emits keys and is retried keeps the copies of keys that it emits again, and discards the others.
/// What reads those copies in order, as a fold does, then waits until the op has succeeded, and neither the op nor its copies are
/// held back by the windows of what is read so.
/// In the report, the copies stand where their keys were first emitted.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use dynagraph_runtime::{Backoff, Jitter, RetryPolicy};
///
/// let policy = RetryPolicy::new(5)
///     .delay(Duration::from_millis(200))
///     .backoff(Backoff::Exponential)
///     .jitter(Jitter::Full)
///     .max_delay(Duration::from_secs(10));
/// assert_eq!(policy.max_retries(), 5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a policy does nothing until it is given to an op or a run"]
pub struct RetryPolicy {
    max_retries: u32,
    delay: Duration,
    backoff: Backoff,
    jitter: Option<Jitter>,
    max_delay: Option<Duration>,
    retry_panics: bool,
}

/// How the delay grows from retry to retry, where `d` is the policy's delay and `n` counts retries from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Backoff {
    /// Always `d`.
    #[default]
    Constant,
    /// `n · d`.
    Linear,
    /// `(2ⁿ − 1) · d`.
    Exponential,
}

/// How the delay is made random, so that steps which failed together do not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Jitter {
    /// Uniform between zero and the delay.
    Full,
    /// Uniform in the delay plus or minus the policy's [`delay`](RetryPolicy::delay), never below zero.
    PlusMinus,
}

impl RetryPolicy {
    /// At most this many retries, so one attempt more; at once, and not after a panic.
    pub const fn new(max_retries: u32) -> Self {
        Self {
            max_retries,
            delay: Duration::ZERO,
            backoff: Backoff::Constant,
            jitter: None,
            max_delay: None,
            retry_panics: false,
        }
    }

    /// The delay that [`Backoff`] and [`Jitter`] start from. Zero unless said.
    pub const fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// How the delay grows. Constant unless said.
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// How the delay is made random. Not at all unless said.
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = Some(jitter);
        self
    }

    /// No delay is longer, that of [`OpError::retry_after`](crate::OpError::retry_after) excepted.
    pub const fn max_delay(mut self, max_delay: Duration) -> Self {
        self.max_delay = Some(max_delay);
        self
    }

    /// Whether a panic is retried as an error is. It is not unless said.
    pub const fn retry_panics(mut self, retry_panics: bool) -> Self {
        self.retry_panics = retry_panics;
        self
    }

    /// How many retries there are at most.
    pub const fn max_retries(&self) -> u32 {
        self.max_retries
    }

    /// The [`delay`](Self::delay) it was given, or zero.
    pub const fn get_delay(&self) -> Duration {
        self.delay
    }

    /// The [`backoff`](Self::backoff) it was given, or constant.
    pub const fn get_backoff(&self) -> Backoff {
        self.backoff
    }

    /// The [`jitter`](Self::jitter) it was given.
    pub const fn get_jitter(&self) -> Option<Jitter> {
        self.jitter
    }

    /// The [`max_delay`](Self::max_delay) it was given.
    pub const fn get_max_delay(&self) -> Option<Duration> {
        self.max_delay
    }

    /// Whether a panic is [retried](Self::retry_panics).
    pub const fn retries_panics(&self) -> bool {
        self.retry_panics
    }

    /// Whether an attempt, counted from 1, may be followed by another.
    pub(crate) const fn allows_after(&self, attempt: u32) -> bool {
        attempt <= self.max_retries
    }

    /// The delay before a retry, counted from 1. `random` gives a number from 0 to 1.
    pub(crate) fn delay_before(&self, retry: u32, random: impl FnOnce() -> f64) -> Duration {
        let grown = match self.backoff {
            Backoff::Constant => self.delay,
            Backoff::Linear => self.delay.saturating_mul(retry),
            Backoff::Exponential => {
                let factor = 1_u32.checked_shl(retry).map_or(u32::MAX, |power| power - 1);
                self.delay.saturating_mul(factor)
            }
        };
        let most = self.max_delay.unwrap_or(Duration::MAX);
        // Before the jitter too, so that what is capped is still spread.
        let grown = grown.min(most);
        let jittered = match self.jitter {
            None => grown,
            Some(Jitter::Full) => between(Duration::ZERO, grown, random()),
            Some(Jitter::PlusMinus) => between(
                grown.saturating_sub(self.delay),
                grown.saturating_add(self.delay),
                random(),
            ),
        };
        jittered.min(most)
    }
}

/// The point at a part of the way.
fn between(from: Duration, to: Duration, part: f64) -> Duration {
    let way = to.saturating_sub(from).as_secs_f64() * part.clamp(0.0, 1.0);
    let way = Duration::try_from_secs_f64(way).unwrap_or(Duration::MAX);
    from.saturating_add(way).min(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    const D: Duration = Duration::from_millis(100);

    fn delays(policy: RetryPolicy, random: f64) -> [u128; 4] {
        [1, 2, 3, 40].map(|retry| policy.delay_before(retry, || random).as_millis())
    }

    /// S27
    #[test]
    fn delays_grow_as_their_backoff_says() {
        let policy = RetryPolicy::new(9).delay(D);
        assert_eq!(delays(policy, 0.5), [100, 100, 100, 100]);
        assert_eq!(delays(policy.backoff(Backoff::Linear), 0.5), [100, 200, 300, 4_000]);
        let exponential = policy.backoff(Backoff::Exponential);
        assert_eq!(delays(exponential, 0.5)[..3], [100, 300, 700]);
        assert_eq!(delays(exponential.max_delay(4 * D), 0.5), [100, 300, 400, 400]);
    }

    /// S27
    #[test]
    fn jitter_is_uniform_in_its_range() {
        let policy = RetryPolicy::new(9).delay(D).backoff(Backoff::Linear);
        let full = policy.jitter(Jitter::Full);
        assert_eq!(delays(full, 0.0)[..3], [0, 0, 0]);
        assert_eq!(delays(full, 0.5)[..3], [50, 100, 150]);
        assert_eq!(delays(full, 1.0)[..3], [100, 200, 300]);
        let plus_minus = policy.jitter(Jitter::PlusMinus);
        assert_eq!(delays(plus_minus, 0.0)[..3], [0, 100, 200]);
        assert_eq!(delays(plus_minus, 1.0)[..3], [200, 300, 400]);
        assert_eq!(delays(plus_minus.max_delay(2 * D), 1.0)[..3], [200, 200, 200]);
    }

    #[test]
    fn no_delay_overflows() {
        let policy = RetryPolicy::new(u32::MAX).delay(Duration::MAX).backoff(Backoff::Exponential);
        assert_eq!(policy.delay_before(u32::MAX, || 1.0), Duration::MAX);
        let jittered = policy.jitter(Jitter::PlusMinus);
        assert_eq!(jittered.delay_before(u32::MAX, || 1.0), Duration::MAX);
    }

    #[test]
    fn one_attempt_more_than_retries() {
        let policy = RetryPolicy::new(2);
        assert!(policy.allows_after(1) && policy.allows_after(2));
        assert!(!policy.allows_after(3));
        assert!(!RetryPolicy::new(0).allows_after(1));
    }
}
