//! The keys that one output has emitted, to find the ones emitted twice.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::{MappingKey, Repr};

/// A set of keys in which a run of consecutive integers costs two words.
#[derive(Debug, Default)]
pub(crate) struct KeySet {
    /// The run of integers that is growing: from its first to one past its last.
    run: Option<(i64, i64)>,
    /// The other runs, from first to last, none touching another.
    runs: BTreeMap<i64, i64>,
    text: HashSet<Arc<str>>,
}

impl KeySet {
    /// Adds a key, and says whether it was new.
    #[must_use]
    pub(crate) fn insert(&mut self, key: &MappingKey) -> bool {
        match &key.0 {
            Repr::Int { value, .. } => self.insert_int(*value),
            Repr::Text(text) | Repr::Path(text) => self.text.insert(Arc::clone(text)),
        }
    }

    fn insert_int(&mut self, value: i64) -> bool {
        if self.is_stored(value) {
            return false;
        }
        match &mut self.run {
            Some((_, end)) if *end == value && value < i64::MAX => *end += 1,
            Some((start, end)) if (*start..*end).contains(&value) => return false,
            // The one integer that no run can end before.
            _ if value == i64::MAX => self.store(value, value),
            run => {
                if let Some((start, end)) = run.replace((value, value + 1)) {
                    self.store(start, end - 1);
                }
            }
        }
        true
    }

    fn is_stored(&self, value: i64) -> bool {
        self.runs.range(..=value).next_back().is_some_and(|(_, &last)| value <= last)
    }

    fn store(&mut self, mut first: i64, mut last: i64) {
        if let Some((&start, &end)) = self.runs.range(..first).next_back()
            && end + 1 == first
        {
            self.runs.remove(&start);
            first = start;
        }
        if last < i64::MAX
            && let Some(end) = self.runs.remove(&(last + 1))
        {
            last = end;
        }
        self.runs.insert(first, last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_new(keys: impl IntoIterator<Item = i64>) -> KeySet {
        let mut set = KeySet::default();
        for key in keys {
            assert!(set.insert(&key.into()), "{key} was new");
        }
        set
    }

    #[test]
    fn consecutive_integers_are_one_run() {
        let mut set = all_new(0..100_000);
        assert!(set.runs.is_empty());
        assert!(!set.insert(&0.into()));
        assert!(!set.insert(&99_999.into()));
        assert!(set.insert(&100_000.into()));
    }

    #[test]
    fn runs_that_meet_become_one() {
        let mut set =
            all_new((0..50).map(|i| i * 2).chain((0..50).map(|i| i * 2 + 1)).chain([500]));
        assert_eq!(set.runs.len(), 1);
        for key in 0..100 {
            assert!(!set.insert(&key.into()), "{key} was there");
        }
    }

    #[test]
    fn the_ends_of_the_integers_are_keys_too() {
        let mut set = all_new([i64::MAX - 1, i64::MAX, i64::MIN, 3]);
        for key in [i64::MAX - 1, i64::MAX, i64::MIN, 3] {
            assert!(!set.insert(&key.into()), "{key} was there");
        }
    }

    #[test]
    fn text_is_a_set_of_its_own() {
        let mut set = KeySet::default();
        assert!(set.insert(&"a".into()));
        assert!(set.insert(&"A".into()));
        assert!(!set.insert(&"a".into()));
    }
}
