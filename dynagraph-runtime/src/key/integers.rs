//! A set of integers that are mostly consecutive.

use std::collections::BTreeMap;

/// A set of integers in which a run of consecutive ones costs two words.
#[derive(Debug, Default)]
pub(super) struct Integers {
    /// Each run comes after the one before.
    ascending: Vec<Run>,
    /// The other runs, from first to last. Each comes before the end of the ascending ones.
    others: BTreeMap<i64, i64>,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    first: i64,
    last: i64,
}

impl Integers {
    /// Adds an integer, and says whether it was new.
    #[inline]
    pub(super) fn insert(&mut self, value: i64) -> bool {
        match self.ascending.last_mut() {
            Some(run) if value <= run.last => return self.insert_before(value),
            Some(run) if value == run.last + 1 => run.last = value,
            _ => self.ascending.push(Run { first: value, last: value }),
        }
        true
    }

    /// Adds an integer that is not after all others.
    fn insert_before(&mut self, value: i64) -> bool {
        let after = self.ascending.partition_point(|run| run.first <= value);
        if after > 0 && value <= self.ascending[after - 1].last {
            return false;
        }
        let run_before = self.others.range_mut(..=value).next_back();
        if run_before.as_ref().is_some_and(|(_, last)| value <= **last) {
            return false;
        }
        // There is a greater one, so this addition does not overflow.
        match run_before {
            Some((_, last)) if *last + 1 == value => *last = value,
            _ => {
                let last = self.others.remove(&(value + 1)).unwrap_or(value);
                self.others.insert(value, last);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn all_new(values: impl IntoIterator<Item = i64>) -> Integers {
        let mut set = Integers::default();
        for value in values {
            assert!(set.insert(value), "{value} was new");
        }
        set
    }

    #[test]
    fn consecutive_integers_are_one_run() {
        let mut set = all_new(0..100_000);
        assert_eq!((set.ascending.len(), set.others.len()), (1, 0));
        assert!(!set.insert(0));
        assert!(!set.insert(99_999));
        assert!(set.insert(100_000));
    }

    #[test]
    fn consecutive_integers_that_come_late_are_runs_too() {
        let late = (0..1_000).chain((2_000..3_000).rev());
        let mut set = all_new([5_000].into_iter().chain(late));
        assert_eq!(set.others.len(), 2);
        assert!(set.insert(1_000));
        for value in (0..=1_000).chain(2_000..3_000).chain([5_000]) {
            assert!(!set.insert(value), "{value} was there");
        }
    }

    #[test]
    fn the_ends_of_the_integers_are_in_the_set_too() {
        let values = [i64::MAX - 1, i64::MAX, i64::MIN, 3];
        let mut set = all_new(values);
        for value in values {
            assert!(!set.insert(value), "{value} was there");
        }
    }

    #[test]
    fn random_runs_are_told_apart_as_by_a_hash_set() {
        let mut random = fastrand::Rng::with_seed(2);
        for span in [8, 60, 1_000] {
            let offset = random.choice([0, -4, i64::MIN, i64::MAX - span]).unwrap_or_default();
            let (mut set, mut expected) = (Integers::default(), HashSet::new());
            for _ in 0..1_000 {
                let first = random.i64(0..=span);
                let last = random.i64(first..=span.min(first + 10));
                for value in first..=last {
                    let value = offset + value;
                    assert_eq!(set.insert(value), expected.insert(value), "{value}");
                }
            }
        }
    }
}
