//! What a fan-out gave although some of its keys failed.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use crate::error::StepError;
use crate::key::{MappingKey, StepKey};
use crate::keyed::Keyed;

/// How many keys of a fan-out may fail, for `collect_partial`.
///
/// Keys that were skipped do not count; without keys, nothing has failed.
///
/// # Examples
///
/// ```
/// use dynagraph_runtime::Tolerance;
///
/// // At most one key of twenty.
/// let few = Tolerance::ratio(0.05);
/// assert_ne!(few, Tolerance::none());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use = "a tolerance does nothing until it is given to `collect_partial`"]
pub struct Tolerance(Limit);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Limit {
    Count(usize),
    Ratio(f64),
    All,
}

impl Tolerance {
    /// No key may fail.
    pub const fn none() -> Self {
        Self::count(0)
    }

    /// At most this many keys may fail.
    pub const fn count(keys: usize) -> Self {
        Self(Limit::Count(keys))
    }

    /// At most this part of all keys may fail: from 0, none, to 1, all.
    ///
    /// Any other number makes the job invalid: `BuildError::BadRatio`.
    pub const fn ratio(ratio: f64) -> Self {
        Self(Limit::Ratio(ratio))
    }

    /// Every key may fail.
    pub const fn all() -> Self {
        Self(Limit::All)
    }

    /// The ratio, if it is none.
    pub(crate) fn bad_ratio(self) -> Option<f64> {
        match self.0 {
            Limit::Ratio(ratio) if !(0.0..=1.0).contains(&ratio) => Some(ratio),
            _ => None,
        }
    }

    /// Whether so many failed keys are few enough.
    #[expect(clippy::cast_precision_loss, reason = "no fan-out has 2^53 keys")]
    pub(crate) fn allows(self, failed: usize, total: usize) -> bool {
        match self.0 {
            _ if failed == 0 => true,
            Limit::Count(keys) => failed <= keys,
            // Divided, not multiplied: `29.0 / 100.0` is the number written `0.29`, and `0.29 * 100.0` is less than 29.
            Limit::Ratio(ratio) => failed as f64 / total as f64 <= ratio,
            Limit::All => true,
        }
    }

    /// What may fail, as the end of a sentence: `at most 5 % may`.
    pub(crate) fn in_words(self) -> String {
        match self.0 {
            Limit::Count(0) => "none may".to_owned(),
            Limit::Count(keys) => format!("at most {keys} may"),
            // Rounded, as `0.29 * 100.0` is less than 29.
            Limit::Ratio(ratio) => format!("at most {} % may", (ratio * 1e11).round() / 1e9),
            Limit::All => "all may".to_owned(),
        }
    }
}

/// A fan-out of which more keys failed than its `collect_partial` tolerates.
#[derive(Debug, Clone)]
pub(crate) struct Exceeded {
    /// Where it is collected.
    pub(crate) at: &'static Location<'static>,
    pub(crate) tolerance: Tolerance,
    /// For each key that failed, the step that did.
    pub(crate) steps: Vec<StepKey>,
    /// How many keys there are.
    pub(crate) total: usize,
}

/// The values of a fan-out, and the keys that failed, each in the order of emission.
///
/// What `collect_partial` gives. Keys that were skipped are in neither.
///
/// # Examples
///
/// ```
/// use dynagraph_runtime::Partial;
///
/// fn summary(pages: &Partial<String>) -> String {
///     let mut text = format!("{} of {} pages", pages.values.len(), pages.total());
///     for failed in &pages.failed {
///         text.push_str(&format!("\n  {failed}"));
///     }
///     text
/// }
///
/// assert_eq!(summary(&Partial::default()), "0 of 0 pages");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Partial<T> {
    /// The values of the keys that succeeded.
    pub values: Keyed<T>,
    /// The keys that failed.
    pub failed: Vec<FailedKey>,
}

impl<T> Partial<T> {
    /// Whether no key failed.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty()
    }

    /// How many keys there are, but for those that were skipped.
    pub fn total(&self) -> usize {
        self.values.len() + self.failed.len()
    }
}

/// A key of a fan-out that gave no value, because a step failed.
///
/// # Examples
///
/// ```
/// use dynagraph_runtime::{FailedKey, StepError};
///
/// fn timed_out(failed: &[FailedKey]) -> impl Iterator<Item = &str> {
///     let late = |failed: &&FailedKey| matches!(*failed.error, StepError::TimedOut { .. });
///     failed.iter().filter(late).map(|failed| failed.key.as_str())
/// }
/// # let _ = timed_out;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FailedKey {
    /// The key; that of a nested copy is its path, `outer/inner`.
    pub key: MappingKey,
    /// The step that failed: in the key's copy, or before it. The first in the order of inputs, if there are several.
    pub step: StepKey,
    /// Why it failed.
    pub error: Arc<StepError>,
    /// How often its op was called.
    pub attempts: u32,
}

/// As `7: fetch[7] failed after 3 attempts: timed out`.
impl fmt::Display for FailedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} failed", self.key, self.step)?;
        if self.attempts > 1 {
            write!(f, " after {} attempts", self.attempts)?;
        }
        write!(f, ": {}", self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_the_most_keys_that_may_fail() {
        assert!(Tolerance::count(2).allows(2, 3));
        assert!(!Tolerance::count(2).allows(3, 1_000));
        assert!(Tolerance::none().allows(0, 3));
        assert!(!Tolerance::none().allows(1, 3));
        assert!(Tolerance::all().allows(3, 3));
    }

    #[test]
    fn a_ratio_is_met_exactly() {
        assert!(Tolerance::ratio(1.0 / 3.0).allows(1, 3));
        assert!(!Tolerance::ratio(0.333).allows(1, 3));
        assert!(Tolerance::ratio(0.0).allows(0, 3));
        assert!(!Tolerance::ratio(0.0).allows(1, 1_000_000));
        assert!(Tolerance::ratio(1.0).allows(3, 3));
        for percent in 1..=100_u8 {
            let ratio: f64 = format!("{}.{:02}", percent / 100, percent % 100).parse().unwrap();
            let percent = usize::from(percent);
            assert!(Tolerance::ratio(ratio).allows(percent, 100), "{percent}");
            assert!(!Tolerance::ratio(ratio).allows(percent * 10 + 1, 1_000), "{percent}");
        }
    }

    #[test]
    fn a_ratio_is_said_in_percent() {
        for (ratio, percent) in [(0.05, "5"), (0.29, "29"), (0.125, "12.5"), (0.001, "0.1")] {
            let words = format!("at most {percent} % may");
            assert_eq!(Tolerance::ratio(ratio).in_words(), words);
        }
    }

    #[test]
    fn without_keys_nothing_failed() {
        for tolerance in [Tolerance::none(), Tolerance::ratio(0.0), Tolerance::all()] {
            assert!(tolerance.allows(0, 0));
        }
    }

    #[test]
    fn a_ratio_is_a_number_from_zero_to_one() {
        for ratio in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
            assert!(Tolerance::ratio(ratio).bad_ratio().is_some(), "{ratio}");
        }
        for ratio in [0.0, -0.0, 0.5, 1.0] {
            assert!(Tolerance::ratio(ratio).bad_ratio().is_none(), "{ratio}");
        }
    }
}
