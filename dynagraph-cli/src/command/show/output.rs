//! What a step gave for one output.

use std::fmt;

use dynagraph_runtime::store::{StoredKey, StoredOutput, StoredValue};
use indicatif::HumanCount;
use serde::Serialize;

use crate::command::value::{Tree, cut};

/// An output of a step, with its values if they are asked for.
#[derive(Debug, Serialize)]
pub(super) struct Output {
    output: String,
    #[serde(flatten)]
    given: Given,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "gave")]
enum Given {
    Value(Value),
    NotStored,
    Nothing,
    Keys { count: usize, keys: Vec<Key> },
}

#[derive(Debug, Serialize)]
struct Key {
    key: String,
    #[serde(flatten)]
    value: Option<Value>,
}

#[derive(Debug, Serialize)]
struct Value {
    #[serde(rename = "type")]
    ty: String,
    bytes: u64,
    #[serde(rename = "value", skip_serializing_if = "Option::is_none")]
    tree: Option<Tree>,
    /// Why it cannot be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<String>,
}

/// How many keys are named where their values are not asked for.
const NAMED: usize = 10;

impl Output {
    pub(super) fn of(name: &str, given: &StoredOutput, values: bool) -> Self {
        let key = |StoredKey { key, value, .. }: &StoredKey| Key {
            key: key.to_string(),
            value: value.as_ref().map(|value| Value::of(value, values)),
        };
        let given = match given {
            StoredOutput::Value(value) => Given::Value(Value::of(value, values)),
            StoredOutput::NotEncodable => Given::NotStored,
            StoredOutput::Nothing => Given::Nothing,
            StoredOutput::Emitted(keys) => {
                Given::Keys { count: keys.len(), keys: keys.iter().map(key).collect() }
            }
        };
        Self { output: name.to_owned(), given }
    }
}

impl Value {
    fn of(value: &StoredValue, values: bool) -> Self {
        let tree = values.then(|| Tree::of(value));
        let (tree, unreadable) = match tree {
            Some(Ok(tree)) => (Some(tree), None),
            Some(Err(error)) => (None, Some(error)),
            None => (None, None),
        };
        Self { ty: value.type_name().to_owned(), bytes: value.size(), tree, unreadable }
    }

    fn is_asked_for(&self) -> bool {
        self.tree.is_some() || self.unreadable.is_some()
    }
}

/// The value; or its type and size, where it is not asked for.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.tree, &self.unreadable) {
            (Some(tree), _) => f.write_str(&cut(&tree.to_string())),
            (None, Some(error)) => write!(f, "cannot be read: {error}"),
            (None, None) => {
                let unit = if self.bytes == 1 { "byte" } else { "bytes" };
                write!(f, "{}, {} {unit}", self.ty, HumanCount(self.bytes))
            }
        }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.output)?;
        match &self.given {
            Given::Value(value) => value.fmt(f),
            Given::NotStored => f.write_str("cannot be stored, so its op runs again"),
            Given::Nothing => f.write_str("nothing"),
            Given::Keys { count, keys } => {
                let unit = if *count == 1 { "key" } else { "keys" };
                write!(f, "{} {unit}", HumanCount(*count as u64))?;
                write_keys(keys, f)
            }
        }
    }
}

/// Each key on a line of its own with its value, or some of them on one.
fn write_keys(keys: &[Key], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let has_values = keys.iter().any(|key| key.value.as_ref().is_some_and(Value::is_asked_for));
    if has_values {
        return keys.iter().try_for_each(|Key { key, value }| match value {
            Some(value) => write!(f, "\n    {key}: {value}"),
            None => write!(f, "\n    {key}: cannot be stored"),
        });
    }
    let named: Vec<_> = keys.iter().take(NAMED).map(|key| key.key.as_str()).collect();
    if !named.is_empty() {
        write!(f, ", {}", named.join(", "))?;
    }
    if keys.len() > NAMED { f.write_str(", …") } else { Ok(()) }
}
