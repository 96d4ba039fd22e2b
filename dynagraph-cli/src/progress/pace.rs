//! How fast something goes, of late.

use std::collections::VecDeque;
use std::time::Duration;

/// How long ago what counts as of late began.
const LATELY: Duration = Duration::from_secs(10);

/// What was done when, for as long as it counts.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    samples: VecDeque<(Duration, u64)>,
}

impl Pace {
    /// Takes note of how much is done after some time.
    pub(crate) fn note(&mut self, after: Duration, done: u64) {
        self.samples.push_back((after, done));
        // The first sample that is too old stays: the pace is that since then.
        while self.samples.get(1).is_some_and(|(at, _)| after.saturating_sub(*at) >= LATELY) {
            self.samples.pop_front();
        }
    }

    /// How much is done in a second. None until that is known.
    pub(crate) fn per_second(&self) -> Option<f64> {
        let (first, last) = (self.samples.front()?, self.samples.back()?);
        let took = last.0.saturating_sub(first.0).as_secs_f64();
        let done = last.1.saturating_sub(first.1);
        #[expect(clippy::cast_precision_loss, reason = "it is shown with few digits")]
        (took > 0.0 && done > 0).then(|| done as f64 / took)
    }

    /// How long it takes until so much more is done, at this pace.
    pub(crate) fn time_for(&self, left: u64) -> Option<Duration> {
        #[expect(clippy::cast_precision_loss, reason = "it is shown with few digits")]
        let seconds = left as f64 / self.per_second()?;
        Duration::try_from_secs_f64(seconds).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_pace_is_known_from_two_samples_on() {
        let mut pace = Pace::default();
        assert_eq!(pace.per_second(), None);
        pace.note(after(1), 10);
        assert_eq!((pace.per_second(), pace.time_for(1)), (None, None));
        pace.note(after(3), 30);
        assert_eq!((pace.per_second(), pace.time_for(100)), (Some(10.0), Some(after(10))));
    }

    #[test]
    fn what_stands_still_has_no_pace() {
        let mut pace = Pace::default();
        (0..100).for_each(|second| pace.note(after(second), 7));
        assert_eq!((pace.per_second(), pace.time_for(1)), (None, None));
        assert!(pace.samples.len() <= 12);
    }

    #[test]
    fn what_was_long_ago_does_not_count() {
        let mut pace = Pace::default();
        (0..100).for_each(|second| pace.note(after(second), second * 1_000));
        (100..111).for_each(|second| pace.note(after(second), 100_000 + second));
        assert_eq!(pace.per_second(), Some(1.0));
    }
}
