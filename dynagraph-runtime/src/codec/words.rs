//! The words of this crate that may be in a value, as serde sees them: keys, keyed and partial values, failed keys.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{OpError, StepError};
use crate::key::{KeyPath, MappingKey, StepKey};
use crate::keyed::Keyed;
use crate::partial::{FailedKey, Partial};

/// As its text.
impl Serialize for MappingKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for MappingKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// As a map, in the order of emission.
impl<T: Serialize> Serialize for Keyed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Keyed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

struct Entries<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
    type Value = Keyed<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of mapping keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keyed<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Keyed::new(entries))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Partial", rename = "Partial")]
struct PartialFields<T> {
    values: Keyed<T>,
    failed: Vec<FailedKey>,
}

impl<T: Serialize> Serialize for Partial<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        PartialFields::serialize(self, serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Partial<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PartialFields::deserialize(deserializer)
    }
}

/// A failed key; of its error, what can be said of it in words and numbers.
#[derive(Serialize, Deserialize)]
struct FailedFields {
    key: MappingKey,
    node: String,
    path: Vec<MappingKey>,
    error: Cause,
    attempts: u32,
}

/// Why a step failed. An error that an op returned is its message.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Cause {
    Op(String),
    Panicked(String),
    TimedOut { after: Duration, idle: bool, still_running: bool },
    Unmatched { key: String, left: bool },
}

impl Serialize for FailedKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { key, step, error, attempts } = self;
        let fields = FailedFields {
            key: key.clone(),
            node: step.node().to_owned(),
            path: step.path().keys(),
            error: Cause::of(error),
            attempts: *attempts,
        };
        fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FailedKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let FailedFields { key, node, path, error, attempts } =
            FailedFields::deserialize(deserializer)?;
        let path = path.into_iter().fold(KeyPath::root(), |path, key| path.child(key, 0));
        let step = StepKey::new(node.into(), path);
        Ok(Self { key, step, error: Arc::new(error.into_error()), attempts })
    }
}

impl Cause {
    fn of(error: &StepError) -> Self {
        match error {
            StepError::Op(error) => Self::Op(error.to_string()),
            StepError::Emit(error) => Self::Op(error.to_string()),
            StepError::Panicked(message) => Self::Panicked(message.clone()),
            &StepError::TimedOut { after, idle, still_running } => {
                Self::TimedOut { after, idle, still_running }
            }
            // Nothing tolerates it, and so no value has it.
            error @ StepError::NotStored { .. } => Self::Op(error.to_string()),
            StepError::Unmatched { key, left } => Self::Unmatched { key: key.clone(), left: *left },
        }
    }

    fn into_error(self) -> StepError {
        match self {
            Self::Op(message) => StepError::Op(OpError::new(message)),
            Self::Panicked(message) => StepError::Panicked(message),
            Self::TimedOut { after, idle, still_running } => {
                StepError::TimedOut { after, idle, still_running }
            }
            Self::Unmatched { key, left } => StepError::Unmatched { key, left },
        }
    }
}
