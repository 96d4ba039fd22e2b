//! Takes what the keys of a fan-out gave, with its type, and makes one value of it.
//!
//! Each lane takes values out of their boxes by itself; what all lanes share is only appended to.

mod joined;
mod placed;

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use joined::Joined;
pub(crate) use placed::{Placed, permute};

use crate::key::MappingKey;
use crate::sync::lock;
use crate::value::{Column, Erased, Value};

/// Makes a collector. Only its maker knows the type of the values.
pub(crate) type NewCollector = fn() -> Arc<dyn Collector>;

/// Takes values from any number of lanes.
pub(crate) trait Collector: fmt::Debug + Send + Sync {
    /// What one lane collects, until it passes it on.
    fn share(self: Arc<Self>) -> Box<dyn Share>;

    /// Takes a key's value, for a lane that has no others. Its `Clone` is not ours: it may panic.
    fn add(&self, place: u64, key: &MappingKey, value: Erased);

    /// How many values were passed on.
    fn len(&self) -> usize;

    /// Makes one value of all, in the order of their places. They may have [moved](Placed::into_vec).
    fn finish(&self, moved: Option<&[Option<u64>]>) -> Erased;

    /// Drops all.
    fn clear(&self);
}

/// What one lane collects.
pub(crate) trait Share: fmt::Debug + Send {
    /// Takes a key's value. Its `Clone` is not ours: it may panic.
    fn add(&mut self, place: u64, key: &MappingKey, value: Erased);

    /// Takes the values of many keys. Their `Clone` is not ours: it may panic.
    fn add_all(&mut self, keys: &mut dyn Iterator<Item = (u64, &MappingKey)>, values: &mut Column);

    /// Passes on what there is.
    fn pass_on(&mut self);
}

/// Collects what it makes of each key and its value.
pub(crate) struct Collecting<T, E, F> {
    entry: F,
    finish: fn(Vec<E>) -> Erased,
    entries: Mutex<Joined<E>>,
    values: PhantomData<fn(T)>,
}

impl<T, E, F> Collecting<T, E, F>
where
    T: Value,
    E: Send + 'static,
    F: Fn(&MappingKey, T) -> E + Send + Sync + 'static,
{
    pub(crate) fn shared(entry: F, finish: fn(Vec<E>) -> Erased) -> Arc<dyn Collector> {
        Arc::new(Self { entry, finish, entries: Mutex::default(), values: PhantomData })
    }

    fn take(&self) -> Placed<E> {
        let joined = std::mem::take(&mut *lock(&self.entries));
        joined.all()
    }
}

impl<T, E, F> Collector for Collecting<T, E, F>
where
    T: Value,
    E: Send + 'static,
    F: Fn(&MappingKey, T) -> E + Send + Sync + 'static,
{
    fn share(self: Arc<Self>) -> Box<dyn Share> {
        Box::new(LaneShare { of: self, entries: Placed::default() })
    }

    fn add(&self, place: u64, key: &MappingKey, value: Erased) {
        let entry = (self.entry)(key, value.take());
        lock(&self.entries).push(place, entry);
    }

    fn len(&self) -> usize {
        lock(&self.entries).len()
    }

    fn finish(&self, moved: Option<&[Option<u64>]>) -> Erased {
        (self.finish)(self.take().into_vec(moved))
    }

    fn clear(&self) {
        drop(self.take());
    }
}

impl<T, E, F> fmt::Debug for Collecting<T, E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collecting").finish_non_exhaustive()
    }
}

struct LaneShare<T, E, F> {
    of: Arc<Collecting<T, E, F>>,
    entries: Placed<E>,
}

impl<T, E, F> Share for LaneShare<T, E, F>
where
    T: Value,
    E: Send + 'static,
    F: Fn(&MappingKey, T) -> E + Send + Sync + 'static,
{
    fn add(&mut self, place: u64, key: &MappingKey, value: Erased) {
        self.entries.push(place, (self.of.entry)(key, value.take()));
    }

    fn add_all(&mut self, keys: &mut dyn Iterator<Item = (u64, &MappingKey)>, values: &mut Column) {
        match values.typed::<T>() {
            Some(values) => {
                for ((place, key), value) in keys.zip(values.drain(..)) {
                    self.entries.push(place, (self.of.entry)(key, value));
                }
            }
            None => {
                for ((place, key), value) in keys.zip(std::iter::from_fn(|| values.next())) {
                    self.add(place, key, value);
                }
            }
        }
    }

    fn pass_on(&mut self) {
        if !self.entries.is_empty() {
            lock(&self.of.entries).append(&mut self.entries);
        }
    }
}

impl<T, E, F> fmt::Debug for LaneShare<T, E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaneShare").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers() -> Arc<dyn Collector> {
        Collecting::shared(|key: &MappingKey, value: u64| (key.to_string(), value), Erased::new)
    }

    /// S12
    #[test]
    fn what_lanes_pass_on_is_in_the_order_of_places() {
        let collector = numbers();
        let mut lanes = [Arc::clone(&collector).share(), Arc::clone(&collector).share()];
        for (place, lane) in [(2, 0), (0, 1), (3, 0), (1, 1)] {
            lanes[lane].add(place, &place.into(), Erased::new(place * 10));
        }
        for lane in &mut lanes {
            lane.pass_on();
        }
        assert_eq!(collector.len(), 4);
        let entries = collector.finish(None).take::<Vec<(String, u64)>>();
        let entries: Vec<_> = entries.iter().map(|(key, value)| (key.as_str(), *value)).collect();
        assert_eq!(entries, [("0", 0), ("1", 10), ("2", 20), ("3", 30)]);
    }

    #[test]
    fn what_is_not_wanted_is_dropped() {
        let collector = numbers();
        let mut lane = Arc::clone(&collector).share();
        lane.add(0, &0.into(), Erased::new(1_u64));
        lane.pass_on();
        collector.clear();
        assert_eq!(collector.len(), 0);
    }
}
