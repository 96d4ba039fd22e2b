//! Values with their mapping keys, in order.

use std::collections::HashMap;
use std::fmt;
use std::ops::Index;
use std::sync::OnceLock;

use crate::key::MappingKey;

/// The values of a fan-out with their keys, in the order of emission.
///
/// The key of a nested copy is its path, `outer/inner`.
///
/// # Examples
///
/// ```
/// use dynagraph_runtime::Keyed;
///
/// let sizes: Keyed<u64> = [("a.txt", 10), ("b.txt", 20)].into_iter().collect();
/// assert_eq!(sizes["b.txt"], 20);
/// assert_eq!(sizes.get("c.txt"), None);
/// assert_eq!(sizes.values().sum::<u64>(), 30);
/// ```
#[derive(Clone)]
pub struct Keyed<T> {
    entries: Vec<(MappingKey, T)>,
    /// Where each key stands; made when a value is first asked for by its key.
    places: OnceLock<HashMap<MappingKey, usize>>,
}

impl<T> Keyed<T> {
    pub(crate) fn new(entries: Vec<(MappingKey, T)>) -> Self {
        Self { entries, places: OnceLock::new() }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key.
    ///
    /// The first call makes an index of all keys.
    pub fn get(&self, key: &str) -> Option<&T> {
        let places = self.places.get_or_init(|| {
            let keys = self.entries.iter().enumerate();
            keys.map(|(place, (key, _))| (key.clone(), place)).collect()
        });
        places.get(&MappingKey::from(key)).map(|&place| &self.entries[place].1)
    }

    /// The keys, in the order of emission.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &MappingKey> {
        self.entries.iter().map(|(key, _)| key)
    }

    /// The values, in the order of emission.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &T> {
        self.entries.iter().map(|(_, value)| value)
    }

    /// The values without their keys, in the order of emission.
    pub fn into_values(self) -> impl ExactSizeIterator<Item = T> {
        self.entries.into_iter().map(|(_, value)| value)
    }

    /// Keys and values, in the order of emission.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self.entries.iter())
    }
}

impl<T> Default for Keyed<T> {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl<T: fmt::Debug> fmt::Debug for Keyed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<T: PartialEq> PartialEq for Keyed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl<T: Eq> Eq for Keyed<T> {}

impl<T> Index<&str> for Keyed<T> {
    type Output = T;

    /// # Panics
    ///
    /// If there is no such key.
    fn index(&self, key: &str) -> &T {
        match self.get(key) {
            Some(value) => value,
            None => panic!("no value has the key `{key}`"),
        }
    }
}

impl<K: Into<MappingKey>, T> FromIterator<(K, T)> for Keyed<T> {
    fn from_iter<I: IntoIterator<Item = (K, T)>>(entries: I) -> Self {
        Self::new(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }
}

impl<T> IntoIterator for Keyed<T> {
    type Item = (MappingKey, T);
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter(self.entries.into_iter())
    }
}

impl<'a, T> IntoIterator for &'a Keyed<T> {
    type Item = (&'a MappingKey, &'a T);
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// Goes through the keys and values of a [`Keyed`].
#[derive(Debug)]
pub struct Iter<'a, T>(std::slice::Iter<'a, (MappingKey, T)>);

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = (&'a MappingKey, &'a T);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<T> ExactSizeIterator for Iter<'_, T> {}

/// Takes a [`Keyed`] apart.
#[derive(Debug)]
pub struct IntoIter<T>(std::vec::IntoIter<(MappingKey, T)>);

impl<T> Iterator for IntoIter<T> {
    type Item = (MappingKey, T);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<T> ExactSizeIterator for IntoIter<T> {}
