//! What the ops compute. The engine's ops and the reference call the same functions.
//!
//! Whatever an op does follows from its inputs, so that no result depends on the order in which steps run.

use std::fmt;

use dynagraph::{Keyed, Partial};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::producer::Producer;
use super::trying::{Policy, Trouble};

/// Keeps values readable.
pub(super) const MODULUS: i64 = 1_009;

/// An op that makes one value of its inputs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    /// Tells the uses of ops apart: the node is called `n3`.
    pub(super) node: usize,
    pub(super) style: Style,
    /// Reads its inputs instead of taking them.
    pub(super) borrows: bool,
    pub(super) fault: Option<Fault>,
    pub(super) trouble: Option<Trouble>,
    pub(super) policy: Option<Policy>,
    pub(super) max_concurrent: Option<usize>,
}

/// How an op does its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Async, done at its first poll.
    Immediate,
    /// Done before there is a future.
    Inline,
    /// Async, after so many yields.
    Yields(u8),
    /// Async, after so many milliseconds or fewer.
    Sleeps(u8),
    Blocking,
}

/// What goes wrong, for some values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) what: Wrong,
    /// It goes wrong for one in so many values.
    pub(super) every: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Error,
    Panic,
    /// The op gives nothing, which is not a failure.
    Nothing,
}

/// What travels between ops.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum V {
    Int(i64),
    Pair(Box<[Self; 2]>),
    List(Vec<Self>),
    Keyed(Vec<(String, Self)>),
    Partial(Vec<(String, Self)>, Vec<FailedKey>),
}

/// A key of a partial gather that gave no value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FailedKey {
    pub(super) key: String,
    /// The step that it failed because of, with its attempts; in the reference, all that it may be.
    pub(super) steps: Vec<(String, u32)>,
}

/// A type that travels between ops.
pub(super) trait Operand: dynagraph::Value + Serialize + DeserializeOwned {
    fn to_v(&self) -> V;
}

impl Operand for () {
    fn to_v(&self) -> V {
        V::List(Vec::new())
    }
}

impl Operand for i64 {
    fn to_v(&self) -> V {
        V::Int(*self)
    }
}

impl Operand for (i64, i64) {
    fn to_v(&self) -> V {
        V::Pair(Box::new([self.0.to_v(), self.1.to_v()]))
    }
}

impl<T: Operand> Operand for Vec<T> {
    fn to_v(&self) -> V {
        V::List(self.iter().map(Operand::to_v).collect())
    }
}

impl<T: Operand> Operand for Keyed<T> {
    fn to_v(&self) -> V {
        V::Keyed(entries(self))
    }
}

impl<T: Operand> Operand for Partial<T> {
    fn to_v(&self) -> V {
        let failed = self.failed.iter().map(|failed| {
            let steps = vec![(failed.step.to_string(), failed.attempts)];
            FailedKey { key: failed.key.to_string(), steps }
        });
        V::Partial(entries(&self.values), failed.collect())
    }
}

fn entries<T: Operand>(keyed: &Keyed<T>) -> Vec<(String, V)> {
    keyed.iter().map(|(key, value)| (key.to_string(), value.to_v())).collect()
}

impl V {
    /// A number that depends on every part and on their order.
    pub(super) fn digest(&self) -> i64 {
        let mix = |sum: i64, part: i64| (sum * 31 + part + 7).rem_euclid(MODULUS);
        let bytes = |key: &str| key.bytes().map(i64::from).fold(3, mix);
        let entry = |(key, value): &(String, Self)| mix(bytes(key), value.digest());
        match self {
            Self::Int(value) => *value,
            Self::Pair(pair) => pair.iter().map(Self::digest).fold(11, mix),
            Self::List(list) => list.iter().map(Self::digest).fold(0, mix),
            Self::Keyed(entries) => entries.iter().map(entry).fold(1, mix),
            // Which of several steps is named is compared apart.
            Self::Partial(entries, failed) => {
                let values = entries.iter().map(entry).fold(5, mix);
                failed.iter().map(|failed| bytes(&failed.key)).fold(values, mix)
            }
        }
    }
}

impl Fault {
    fn strikes(self, value: i64) -> bool {
        value.rem_euclid(self.every) == 0
    }
}

impl Work {
    /// A number that depends on all inputs.
    pub(super) fn sum(&self, inputs: &[V]) -> i64 {
        let node = i64::try_from(self.node).unwrap_or_default();
        inputs.iter().fold(node, |sum, input| sum * 3 + input.digest() + 1)
    }

    /// What the op gives for such inputs, once nothing goes wrong that a retry would mend.
    pub(super) fn compute(&self, sum: i64) -> Result<i64, Wrong> {
        match self.fault {
            Some(fault) if fault.strikes(sum) => Err(fault.what),
            _ => Ok(sum.rem_euclid(MODULUS)),
        }
    }

    pub(super) fn is_optional(&self) -> bool {
        self.fault.is_some_and(|fault| fault.what == Wrong::Nothing)
    }
}

/// Only told apart by a store, and never read.
macro_rules! written {
    ($description:ty) => {
        impl Serialize for $description {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&format_args!("{self:?}"))
            }
        }

        impl<'de> Deserialize<'de> for $description {
            fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
                Err(serde::de::Error::custom("nobody reads it"))
            }
        }
    };
}

written!(Work);
written!(Producer);

/// What an op of a `filter` says of the value that it computes.
pub(super) fn passes(value: i64) -> bool {
    value % 3 != 0
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.node)
    }
}
