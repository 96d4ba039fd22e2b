//! The keys of a whole list, which need no set if they come in order.

use std::collections::HashSet;

use super::{KeyError, MappingKey};

/// Why a key may not be emitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is no key.
    Bad(KeyError),
    /// It was emitted before.
    Doubled,
}

/// Finds the first key that a list may not have.
pub(crate) fn first_fault<'a>(
    keys: impl ExactSizeIterator<Item = &'a MappingKey> + Clone,
) -> Option<(&'a MappingKey, Fault)> {
    let mut ascent = Ascent::default();
    for key in keys.clone() {
        if let Err(reason) = key.check() {
            return Some((key, Fault::Bad(reason)));
        }
        if !ascent.goes_on(key) {
            return first_fault_in_any_order(keys);
        }
    }
    None
}

fn first_fault_in_any_order<'a>(
    keys: impl ExactSizeIterator<Item = &'a MappingKey>,
) -> Option<(&'a MappingKey, Fault)> {
    let mut seen = HashSet::with_capacity(keys.len());
    for key in keys {
        if let Err(reason) = key.check() {
            return Some((key, Fault::Bad(reason)));
        }
        if !seen.insert(key) {
            return Some((key, Fault::Doubled));
        }
    }
    None
}

/// Keys that come in an order which alone says that no two are equal.
///
/// Text is ordered in one of two ways, so that `page-9`, `page-10` is in order and `a`, `ab`, `b` too.
struct Ascent<'a> {
    integer: Option<i64>,
    text: Option<&'a MappingKey>,
    by_length: bool,
    by_text: bool,
}

impl Default for Ascent<'_> {
    fn default() -> Self {
        Self { integer: None, text: None, by_length: true, by_text: true }
    }
}

impl<'a> Ascent<'a> {
    /// Goes on to the next key. Says whether it is still new for certain.
    #[inline]
    fn goes_on(&mut self, key: &'a MappingKey) -> bool {
        match key.short_integer() {
            Some(value) => self.integer.replace(value).is_none_or(|last| last < value),
            None => self.text_goes_on(key),
        }
    }

    fn text_goes_on(&mut self, key: &'a MappingKey) -> bool {
        let Some(last) = self.text.replace(key) else { return true };
        let (by_length, by_text) = last.orders(key);
        self.by_length &= by_length.is_lt();
        self.by_text &= by_text.is_lt();
        self.by_length || self.by_text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::random::random_keys;

    fn keys(texts: &[&str]) -> Vec<MappingKey> {
        texts.iter().map(|text| MappingKey::from(*text)).collect()
    }

    /// How many keys go on in order.
    fn in_order(texts: &[&str]) -> usize {
        let keys = keys(texts);
        let mut ascent = Ascent::default();
        keys.iter().take_while(|key| ascent.goes_on(key)).count()
    }

    #[test]
    fn text_is_in_order_by_length_or_by_itself() {
        assert_eq!(in_order(&["page-9", "page-10", "page-11"]), 3);
        assert_eq!(in_order(&["src/a-file-with-a-long-name.rs", "src/b.rs", "src/main.rs"]), 3);
        assert_eq!(in_order(&["b", "aa", "a"]), 2);
        assert_eq!(in_order(&["a", "a"]), 1);
    }

    #[test]
    fn integers_and_text_are_in_order_apart_from_each_other() {
        assert_eq!(in_order(&["b", "-7", "c", "12", "d", "300000000000000000"]), 6);
        assert_eq!(in_order(&["b", "7", "c", "7"]), 3);
    }

    /// S1, S2
    #[test]
    fn the_first_fault_is_the_one_that_is_found() {
        let list = keys(&["a", "c", "b", "c", "", "b"]);
        assert_eq!(first_fault(list.iter()), Some((&list[3], Fault::Doubled)));
        let list = keys(&["a", "c", "b", "", "c"]);
        assert_eq!(first_fault(list.iter()), Some((&list[3], Fault::Bad(KeyError::Empty))));
        let list = keys(&["a", "b", "\n", "b"]);
        let control = KeyError::Control { character: '\n', at: 0 };
        assert_eq!(first_fault(list.iter()), Some((&list[2], Fault::Bad(control))));
    }

    #[test]
    fn in_random_lists_the_first_doubled_key_is_found() {
        let mut random = fastrand::Rng::with_seed(4);
        for _ in 0..2_000 {
            let mut list = random_keys(&mut random);
            match random.u8(..4) {
                0 => list.sort_by(MappingKey::by_length),
                1 => list.sort_by(|a, b| a.as_str().cmp(b.as_str())),
                _ => {}
            }
            let mut seen = HashSet::new();
            let doubled = list.iter().position(|key| !seen.insert(key.to_string()));
            let found = first_fault(list.iter());
            assert_eq!(found, doubled.map(|at| (&list[at], Fault::Doubled)), "{list:?}");
            assert!(match (found, doubled) {
                (Some((key, _)), Some(at)) => std::ptr::eq(key, &raw const list[at]),
                (found, doubled) => found.is_none() && doubled.is_none(),
            });
        }
    }
}
