//! A retry policy in words.

use std::fmt::Write as _;

use dynagraph_runtime::{Backoff, Jitter, RetryPolicy};
use humantime::format_duration;

/// As far as it matters, and without commas: they part one rule from the next.
pub(super) fn in_words(policy: &RetryPolicy) -> String {
    let mut words = match policy.max_retries() {
        1 => "1 retry".to_owned(),
        retries => format!("{retries} retries"),
    };
    if policy.retries_panics() {
        words.push_str(" even of panics");
    }
    if policy.get_delay().is_zero() {
        return words;
    }
    let _ = write!(words, " after {}", format_duration(policy.get_delay()));
    words.push_str(match policy.get_backoff() {
        Backoff::Linear => " growing linearly",
        Backoff::Exponential => " growing exponentially",
        _ => "",
    });
    if let Some(most) = policy.get_max_delay() {
        let _ = write!(words, " up to {}", format_duration(most));
    }
    words.push_str(match policy.get_jitter() {
        Some(Jitter::Full) => " with full jitter",
        Some(Jitter::PlusMinus) => " with jitter of plus or minus as much",
        _ => "",
    });
    words
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const D: Duration = Duration::from_millis(200);

    #[test]
    fn a_policy_is_said_as_far_as_it_matters() {
        let says = |policy: RetryPolicy, words: &str| assert_eq!(in_words(&policy), words);
        let policy = RetryPolicy::new(3);
        says(RetryPolicy::new(0), "0 retries");
        says(RetryPolicy::new(1), "1 retry");
        says(policy.backoff(Backoff::Linear).jitter(Jitter::Full), "3 retries");
        says(policy.retry_panics(true), "3 retries even of panics");
        says(policy.delay(D), "3 retries after 200ms");
        says(policy.delay(D).backoff(Backoff::Linear), "3 retries after 200ms growing linearly");
        says(
            policy
                .delay(D)
                .backoff(Backoff::Exponential)
                .max_delay(Duration::from_secs(90))
                .jitter(Jitter::Full),
            "3 retries after 200ms growing exponentially up to 1m 30s with full jitter",
        );
        says(
            policy.delay(D).jitter(Jitter::PlusMinus),
            "3 retries after 200ms with jitter of plus or minus as much",
        );
    }
}
