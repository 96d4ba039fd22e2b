//! Joins the blocks that lanes pass on: one that comes before its turn waits for those before it.
//!
//! Lanes take their keys in order, so few blocks wait, and in the end nothing is left to be put in order. If order is lost
//! all the same, nothing waits any more.

use std::collections::BTreeMap;
use std::mem::{replace, take};

use super::Placed;

/// The most blocks that wait. Beyond, the one that stands first waits for nothing: places may have gaps.
const MAX_EARLY: usize = 1_024;
/// The values of a block for which waiting costs next to nothing.
const LONG: usize = 8;
/// The most blocks that wait when one comes that is not long.
const MAX_SHORT: usize = 64;

/// The blocks of all lanes.
pub(super) struct Joined<T> {
    all: Placed<T>,
    /// Those that wait, by the place that each begins at.
    early: BTreeMap<u64, Placed<T>>,
    /// Empty blocks whose memory is used again.
    spare: Vec<Placed<T>>,
    /// Whether something stands before what was joined already.
    out_of_order: bool,
}

impl<T> Default for Joined<T> {
    fn default() -> Self {
        let (all, early, spare) = (Placed::default(), BTreeMap::new(), Vec::new());
        Self { all, early, spare, out_of_order: false }
    }
}

impl<T> Joined<T> {
    /// Takes a block, and leaves an empty one.
    pub(super) fn append(&mut self, block: &mut Placed<T>) {
        let Some(first) = block.first() else { return };
        let end = self.all.end();
        let crowded = block.len() < LONG && self.early.len() >= MAX_SHORT;
        self.out_of_order |= first < end || crowded;
        if self.out_of_order || first == end {
            self.all.append(block);
        } else {
            let spare = self.spare.pop().unwrap_or_default();
            self.early.insert(first, replace(block, spare));
        }
        let most = if self.out_of_order { 0 } else { MAX_EARLY };
        while let Some(first) = self.early.first_entry()
            && (*first.key() <= self.all.end() || self.early.len() > most)
        {
            self.join_first();
        }
    }

    /// Takes one value.
    pub(super) fn push(&mut self, place: u64, value: T) {
        if self.out_of_order || (place == self.all.end() && self.early.is_empty()) {
            self.all.push(place, value);
        } else {
            let mut block = self.spare.pop().unwrap_or_default();
            block.push(place, value);
            self.append(&mut block);
            self.spare.push(block);
        }
    }

    fn join_first(&mut self) {
        if let Some((_, mut block)) = self.early.pop_first() {
            self.all.append(&mut block);
            self.spare.push(block);
        }
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.all.len() + self.early.values().map(Placed::len).sum::<usize>()
    }

    /// The values of all blocks.
    pub(super) fn all(mut self) -> Placed<T> {
        while !self.early.is_empty() {
            self.join_first();
        }
        take(&mut self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(joined: &mut Joined<u64>, places: impl IntoIterator<Item = u64>) {
        let mut block = Placed::default();
        places.into_iter().for_each(|place| block.push(place, place));
        joined.append(&mut block);
        assert!(block.is_empty());
    }

    /// S12
    #[test]
    fn blocks_that_come_a_little_early_are_in_order_when_they_are_joined() {
        let mut joined = Joined::default();
        for first in [4, 8, 0, 12, 20, 16] {
            join(&mut joined, first..first + 4);
        }
        assert_eq!(joined.len(), 24);
        assert!(!joined.out_of_order && joined.early.is_empty());
        assert_eq!(joined.all().into_vec(None), (0..24).collect::<Vec<_>>());
    }

    /// S19
    #[test]
    fn gaps_do_not_make_all_wait_and_order_is_kept() {
        let mut joined = Joined::default();
        for first in (0..20_000).step_by(16).map(|first| first ^ 16) {
            join(&mut joined, (first..first + 16).step_by(2));
        }
        assert!(!joined.out_of_order && joined.early.len() <= MAX_EARLY);
        assert_eq!(joined.len(), 10_000);
        assert_eq!(joined.all().into_vec(None), (0..20_000).step_by(2).collect::<Vec<_>>());
    }

    /// S12
    #[test]
    fn short_blocks_that_come_in_any_order_do_not_wait() {
        let mut joined = Joined::default();
        for place in (0..5_000).rev() {
            join(&mut joined, [place]);
        }
        assert!(joined.out_of_order && joined.early.is_empty());
        assert_eq!(joined.all().into_vec(None), (0..5_000).collect::<Vec<_>>());
    }
}
