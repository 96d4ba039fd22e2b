//! Values and the places where they stand, in the order in which they came.

use std::fmt;
use std::mem::{needs_drop, take};

use crate::value::drop_caught;

/// What stands nowhere.
const NONE: usize = usize::MAX;
/// Values at fewer than one in so many places are sorted: a word for each place would be too much.
const SPARSE: u64 = 8;

/// Values, each with the place where it stands among all.
///
/// If the `Drop` of a value panics, the panic ends here: the value belongs to no step any more.
pub(crate) struct Placed<T> {
    values: Vec<T>,
    /// The places of `values`.
    runs: Vec<Run>,
}

/// Values that came one after the other and stand one after the other.
#[derive(Debug, Clone, Copy)]
struct Run {
    first: u64,
    len: u64,
}

impl Run {
    /// The place after the last.
    fn end(self) -> u64 {
        self.first + self.len
    }
}

impl<T> Default for Placed<T> {
    fn default() -> Self {
        Self { values: Vec::new(), runs: Vec::new() }
    }
}

impl<T> Placed<T> {
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The place of the first value that came.
    pub(super) fn first(&self) -> Option<u64> {
        self.runs.first().map(|run| run.first)
    }

    /// The place after that of the last value that came.
    pub(super) fn end(&self) -> u64 {
        self.runs.last().map_or(0, |run| run.end())
    }

    #[inline]
    pub(crate) fn push(&mut self, place: u64, value: T) {
        match self.runs.last_mut() {
            Some(run) if run.end() == place => run.len += 1,
            _ => self.runs.push(Run { first: place, len: 1 }),
        }
        self.values.push(value);
    }

    /// Takes all that others have taken.
    pub(crate) fn append(&mut self, other: &mut Self) {
        let mut runs = &other.runs[..];
        if let (Some(last), [first, rest @ ..]) = (self.runs.last_mut(), runs)
            && last.end() == first.first
        {
            last.len += first.len;
            runs = rest;
        }
        self.runs.extend_from_slice(runs);
        other.runs.clear();
        self.values.append(&mut other.values);
    }

    /// How many values there are but for those that are left out, as in [`into_vec`](Self::into_vec).
    pub(crate) fn count(&self, moved: Option<&[Option<u64>]>) -> usize {
        let Some(moved) = moved else { return self.len() };
        let places = self.runs.iter().flat_map(|run| run.first..run.end());
        let stands = |place: u64| moved.get(usize::try_from(place).ok()?).copied().flatten();
        places.filter_map(stands).count()
    }

    /// The values in order.
    ///
    /// `moved` says where the value of a place stands now, or that it is left out.
    pub(crate) fn into_vec(mut self, moved: Option<&[Option<u64>]>) -> Vec<T> {
        let runs = take(&mut self.runs);
        if moved.is_some() || !runs.is_sorted_by_key(|run| run.first) {
            let (sources, kept) = sources(runs, moved);
            permute(&mut self.values, sources);
            drop(Self { values: self.values.split_off(kept), runs: Vec::new() });
        }
        take(&mut self.values)
    }
}

impl<T> Drop for Placed<T> {
    fn drop(&mut self) {
        if needs_drop::<T>() {
            for value in self.values.drain(..) {
                drop_caught(value);
            }
        }
    }
}

impl<T> fmt::Debug for Placed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Placed").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// For each value in order, where it is now; those that are left out come last. And how many are not.
fn sources(runs: Vec<Run>, moved: Option<&[Option<u64>]>) -> (Vec<usize>, usize) {
    let index = |place: u64| usize::try_from(place).unwrap_or(NONE);
    let end = runs.iter().map(|run| run.end()).max().unwrap_or(0);
    let count = runs.iter().map(|run| run.len).sum::<u64>();
    let places = runs.into_iter().flat_map(|run| run.first..run.end());
    if moved.is_none() && count < end / SPARSE {
        let mut sorted: Vec<_> = places.zip(0..).collect();
        sorted.sort_unstable();
        return (sorted.into_iter().map(|(_, source)| source).collect(), index(count));
    }
    let mut sources = vec![NONE; moved.map_or(index(end), <[_]>::len)];
    let mut left_out = Vec::new();
    for (source, place) in places.enumerate() {
        let place = match moved {
            None => Some(index(place)),
            Some(moved) => moved.get(index(place)).copied().flatten().map(index),
        };
        match place {
            Some(place) => sources[place] = source,
            None => left_out.push(source),
        }
    }
    sources.retain(|source| *source != NONE);
    let kept = sources.len();
    sources.append(&mut left_out);
    (sources, kept)
}

/// Puts each value where it is wanted, along the circles in which they displace each other.
pub(crate) fn permute<T>(values: &mut [T], mut sources: Vec<usize>) {
    assert_eq!(values.len(), sources.len(), "one value stands at each place");
    for start in 0..values.len() {
        let mut at = start;
        loop {
            let source = std::mem::replace(&mut sources[at], at);
            if source == start {
                break;
            }
            values.swap(at, source);
            at = source;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that say where they stood when they came in this order.
    fn placed(places: impl IntoIterator<Item = u64>) -> Placed<u64> {
        let mut values = Placed::default();
        places.into_iter().for_each(|place| values.push(place, place));
        values
    }

    /// All orders of the first places.
    fn orders(len: u64) -> Vec<Vec<u64>> {
        let Some(last) = len.checked_sub(1) else { return vec![Vec::new()] };
        let at = |order: Vec<u64>| {
            (0..=order.len()).map(move |at| {
                let mut order = order.clone();
                order.insert(at, last);
                order
            })
        };
        orders(last).into_iter().flat_map(at).collect()
    }

    /// S12
    #[test]
    fn values_that_come_in_any_order_are_put_in_order() {
        for len in 0..7 {
            for order in orders(len) {
                let values = placed(order.iter().copied()).into_vec(None);
                assert_eq!(values, (0..len).collect::<Vec<_>>(), "{order:?}");
            }
        }
    }

    /// S19
    #[test]
    fn gaps_are_closed() {
        for order in orders(5) {
            let spread = order.iter().map(|place| place * place + 3);
            assert_eq!(placed(spread).into_vec(None), [3, 4, 7, 12, 19], "{order:?}");
        }
    }

    /// S19: what few keys gave costs little, however many there were.
    #[test]
    fn gaps_of_any_length_are_closed() {
        for order in orders(5) {
            let spread = order.iter().map(|place| place << 60);
            let expected = (0..5).map(|place| place << 60).collect::<Vec<_>>();
            assert_eq!(placed(spread).into_vec(None), expected, "{order:?}");
        }
    }

    #[test]
    fn blocks_of_several_lanes_are_joined() {
        let mut all = Placed::default();
        for first in [0, 64, 192, 128, 256, 512, 320, 384, 448] {
            let mut lane = placed(first..first + 64);
            all.append(&mut lane);
            assert!(lane.is_empty());
        }
        assert_eq!(all.runs.len(), 6);
        assert_eq!(all.into_vec(None), (0..576).collect::<Vec<_>>());
    }

    #[test]
    fn values_that_come_in_order_are_one_run_and_stay_where_they_are() {
        let mut all = placed(0..10);
        all.append(&mut placed(10..30));
        all.append(&mut placed(30..31));
        assert_eq!(all.runs.len(), 1);
        let at = all.values.as_ptr();
        let values = all.into_vec(None);
        assert_eq!(values, (0..31).collect::<Vec<_>>());
        assert_eq!(values.as_ptr(), at);
    }

    /// S30
    #[test]
    fn moved_values_stand_where_they_are_told_and_others_are_left_out() {
        let moved = [None, Some(2), Some(0), None, Some(1)];
        for order in orders(5) {
            assert_eq!(placed(order).into_vec(Some(&moved)), [2, 4, 1]);
        }
        assert_eq!(placed([4, 1]).into_vec(Some(&moved)), [4, 1]);
        assert_eq!(placed([0, 3]).into_vec(Some(&moved)), [0; 0]);
        assert_eq!(placed(0..9).count(Some(&moved)), 3);
    }

    #[derive(Debug)]
    struct PanicsWhenDropped;

    impl Drop for PanicsWhenDropped {
        fn drop(&mut self) {
            std::panic::resume_unwind(Box::new(()));
        }
    }

    /// S26
    #[test]
    fn values_that_panic_when_dropped_are_dropped_one_by_one() {
        let mut values = Placed::default();
        for place in 0..3 {
            values.push(place, PanicsWhenDropped);
        }
        drop(values);
    }
}
