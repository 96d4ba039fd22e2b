//! Keys that a retried producer emits again. Pure.

use std::collections::HashMap;

use crate::key::MappingKey;

/// What one output of a producer has emitted, over all its attempts.
///
/// A copy has a place for good: that of its key's first emission. Where it stands in the results, the last attempt says.
#[derive(Debug, Default)]
pub(super) struct Emissions {
    /// The keys of all copies, by their places.
    keys: Vec<MappingKey>,
    retried: Option<Retried>,
}

/// What is known from the second attempt on.
#[derive(Debug)]
struct Retried {
    /// The keys that no emission of this attempt has named yet.
    earlier: HashMap<MappingKey, u64>,
    /// The places that this attempt has named, in the order of its emissions.
    named: Vec<u64>,
}

/// Where the copies stand in the results: by their places, the new place of each, or none if its key is no longer emitted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order(Vec<Option<u64>>);

impl Emissions {
    /// Another attempt begins.
    pub(super) fn retry(&mut self) {
        let earlier = self.keys.iter().cloned().zip(0..).collect();
        self.retried = Some(Retried { earlier, named: Vec::new() });
    }

    /// Emits a key of an earlier attempt, which keeps its copy. Says whether it is one.
    pub(super) fn again(&mut self, key: &MappingKey) -> bool {
        let Some(retried) = &mut self.retried else { return false };
        let Some(place) = retried.earlier.remove(key) else { return false };
        retried.named.push(place);
        true
    }

    /// Emits a key that has no copy yet, and gives its place.
    pub(super) fn add(&mut self, key: MappingKey) -> u64 {
        let place = self.keys.len() as u64;
        self.keys.push(key);
        if let Some(retried) = &mut self.retried {
            retried.named.push(place);
        }
        place
    }

    /// Ends the last attempt, which succeeded. None if every copy stands where it was first emitted.
    pub(super) fn order(&mut self) -> Option<Order> {
        let copies = std::mem::take(&mut self.keys).len();
        let named = self.retried.take()?.named;
        let mut order = vec![None; copies];
        for (new, place) in (0..).zip(named) {
            if let Some(slot) = usize::try_from(place).ok().and_then(|place| order.get_mut(place)) {
                *slot = Some(new);
            }
        }
        let unchanged = order.iter().zip(0..).all(|(new, place)| *new == Some(place));
        (!unchanged).then_some(Order(order))
    }
}

impl Order {
    /// Where the copy of a place stands.
    pub(super) fn new_place(&self, place: u64) -> Option<u64> {
        usize::try_from(place).ok().and_then(|place| self.0.get(place).copied().flatten())
    }

    /// Where the copies stand, by their places.
    pub(super) fn places(&self) -> &[Option<u64>] {
        &self.0
    }

    /// Changes a copy's place to where it stands. Says whether it is kept.
    pub(super) fn moved(&self, place: &mut u64) -> bool {
        let new = self.new_place(*place);
        *place = new.unwrap_or(*place);
        new.is_some()
    }

    /// The places whose keys are no longer emitted.
    pub(super) fn discarded(&self) -> impl Iterator<Item = u64> {
        (0..).zip(&self.0).filter_map(|(place, new): (u64, _)| new.is_none().then_some(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Emits keys as an attempt does, and gives the places that are new.
    fn emit(emissions: &mut Emissions, keys: &[&str]) -> Vec<u64> {
        let key = |key: &&str| MappingKey::from(*key);
        let keys = keys.iter().map(key).collect::<Vec<_>>().into_iter();
        keys.filter_map(|key| (!emissions.again(&key)).then(|| emissions.add(key))).collect()
    }

    /// S30
    #[test]
    fn keys_emitted_again_keep_their_copies_and_the_last_attempt_says_the_order() {
        let mut emissions = Emissions::default();
        assert_eq!(emit(&mut emissions, &["a", "b", "c"]), [0, 1, 2]);
        emissions.retry();
        assert_eq!(emit(&mut emissions, &["c", "d", "a"]), [3]);
        emissions.retry();
        assert_eq!(emit(&mut emissions, &["c", "e", "b"]), [4]);
        let order = emissions.order().unwrap();
        assert_eq!(order, Order(vec![None, Some(2), Some(0), None, Some(1)]));
        assert_eq!(order.discarded().collect::<Vec<_>>(), [0, 3]);
    }

    /// S30
    #[test]
    fn nothing_changes_if_the_same_keys_come_in_the_same_order() {
        let mut emissions = Emissions::default();
        assert_eq!(emit(&mut emissions, &["a"]), [0]);
        emissions.retry();
        assert_eq!(emit(&mut emissions, &["a", "b"]), [1]);
        assert_eq!(emissions.order(), None);
    }
}
