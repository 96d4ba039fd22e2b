//! What becomes of a value, and where: the words of the reference.

use super::producer::Key;
use super::why::Why;
use super::work::V;

/// What became of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome<T> {
    Ready(T),
    Skipped,
    Failed(Why),
}

/// How a step ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    Success,
    Failure,
    Skipped,
    UpstreamFailed,
}

/// One copy among those of its fan-out. Copies are ordered by emission.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Copy {
    place: usize,
    /// The key as a step key shows it.
    shown: String,
    /// The key as `collect_keyed` gives it.
    pub(super) key: String,
}

/// One instance of a scope: the copies that it is inside of, outermost first.
pub(super) type Path = Vec<Copy>;

impl<T> Outcome<T> {
    /// Both, or what one of them lacks. Failure wins over skip.
    pub(super) fn and<U>(self, other: Outcome<U>) -> Outcome<(T, U)> {
        match (self, other) {
            (Self::Ready(one), Outcome::Ready(two)) => Outcome::Ready((one, two)),
            (Self::Failed(one), Outcome::Failed(other)) => Outcome::Failed(one.and(other)),
            (Self::Failed(why), _) | (_, Outcome::Failed(why)) => Outcome::Failed(why),
            _ => Outcome::Skipped,
        }
    }

    pub(super) fn map<U>(self, map: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Ready(value) => Outcome::Ready(map(value)),
            Self::Skipped => Outcome::Skipped,
            Self::Failed(why) => Outcome::Failed(why),
        }
    }

    pub(super) fn map_why(self, map: impl FnOnce(Why) -> Why) -> Self {
        match self {
            Self::Failed(why) => Self::Failed(map(why)),
            other => other,
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

/// All values, or what one of them lacks.
pub(super) fn all(values: impl IntoIterator<Item = Outcome<V>>) -> Outcome<Vec<V>> {
    values.into_iter().fold(Outcome::Ready(Vec::new()), |list, value| {
        list.and(value).map(|(mut list, value)| {
            list.push(value);
            list
        })
    })
}

/// A pair of both values.
pub(super) fn pair(left: Outcome<V>, right: Outcome<V>) -> Outcome<V> {
    left.and(right).map(|(left, right)| V::Pair(Box::new([left, right])))
}

impl Copy {
    pub(super) fn new(place: usize, key: &Key) -> Self {
        let encode = |c: char| match c {
            '/' | '[' | ']' | '%' | '*' | '?' => format!("%{:02X}", u32::from(c)),
            c => c.to_string(),
        };
        Self { place, shown: key.0.chars().map(encode).collect(), key: key.0.clone() }
    }

    /// One copy for several nested ones: its key is their path.
    pub(super) fn of_path(place: usize, path: &[Self]) -> Self {
        match path {
            [copy] => Self { place, ..copy.clone() },
            _ => Self { place, shown: joined(path), key: joined(path) },
        }
    }

    /// The same copy, after so many others.
    pub(super) fn later(&self, others: usize) -> Self {
        Self { place: others + self.place, ..self.clone() }
    }

    pub(super) fn inside(&self, path: &[Self]) -> Path {
        path.iter().chain([self]).cloned().collect()
    }
}

fn joined(path: &[Copy]) -> String {
    path.iter().map(|copy| copy.shown.as_str()).collect::<Vec<_>>().join("/")
}

/// The key of a step.
pub(super) fn step_key(node: &str, path: &[Copy]) -> String {
    if path.is_empty() { node.to_owned() } else { format!("{node}[{}]", joined(path)) }
}
