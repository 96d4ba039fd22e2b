//! The keys that one output has emitted, to find the ones emitted twice.

use std::collections::HashSet;

use super::MappingKey;
use super::integers::Integers;

/// A set of keys that costs little if they come in order.
#[derive(Debug, Default)]
pub(crate) struct KeySet {
    integers: Integers,
    text: TextKeys,
}

impl KeySet {
    /// Adds a key, and says whether it was new.
    #[must_use]
    pub(crate) fn insert(&mut self, key: &MappingKey) -> bool {
        match key.integer() {
            Some(value) => self.integers.insert(value),
            None => self.text.insert(key),
        }
    }
}

/// Keys made from text.
#[derive(Debug, Default)]
struct TextKeys {
    /// Each comes after the one before, shorter ones first: `page-9`, `page-10`.
    ascending: Vec<MappingKey>,
    /// The others. Each comes before the last of the ascending ones.
    others: HashSet<MappingKey>,
}

impl TextKeys {
    fn insert(&mut self, key: &MappingKey) -> bool {
        if self.ascending.last().is_none_or(|last| last.by_length(key).is_lt()) {
            self.ascending.push(key.clone());
            return true;
        }
        self.ascending.binary_search_by(|seen| seen.by_length(key)).is_err()
            && self.others.insert(key.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::random::random_keys;

    #[test]
    fn integers_and_text_are_sets_of_their_own() {
        let mut set = KeySet::default();
        for key in ["b", "A", "7", "a", "07", "100000000000000000", "x-100000000000000000000000"] {
            assert!(set.insert(&key.into()), "{key} was new");
            assert!(!set.insert(&key.into()), "{key} was there");
        }
        assert!(!set.insert(&7.into()));
        assert!(!set.insert(&100_000_000_000_000_000_i64.into()));
    }

    #[test]
    fn text_that_ascends_is_not_hashed() {
        let mut set = KeySet::default();
        for i in 0..1_000 {
            assert!(set.insert(&format!("page-{i}").into()));
        }
        assert!(set.text.others.is_empty());
        assert!(!set.insert(&"page-9".into()));
        assert!(set.insert(&"page-09".into()));
        assert!(!set.insert(&"page-09".into()));
    }

    #[test]
    fn long_integers_that_are_consecutive_are_one_run_too() {
        let mut set = KeySet::default();
        for i in 0..1_000 {
            assert!(set.insert(&(1_700_000_000_000_000_000_i64 + i).into()));
        }
        assert!(set.text.ascending.is_empty());
    }

    #[test]
    fn random_keys_are_told_apart_as_by_a_hash_set() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..1_000 {
            let (mut set, mut expected) = (KeySet::default(), HashSet::new());
            for key in random_keys(&mut random) {
                assert_eq!(set.insert(&key), expected.insert(key.to_string()), "{key}");
            }
        }
    }
}
