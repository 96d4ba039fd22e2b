//! How values are written: with the names of fields, so that types may gain, lose and move them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::exact::{Exact, MAX_DEPTH};

/// A way to write values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Format {
    /// MessagePack, with the names of fields.
    #[default]
    MessagePack,
    /// JSON, for people who look. The feature `json`.
    ///
    /// Bytes are lists of numbers; what JSON has no word for is refused.
    #[cfg(feature = "json")]
    Json,
}

impl Format {
    /// The word that says what stored bytes are. It never changes.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::MessagePack => "msgpack",
            #[cfg(feature = "json")]
            Self::Json => "json",
        }
    }

    /// The format of a tag, if this build has it.
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag {
            "msgpack" => Some(Self::MessagePack),
            #[cfg(feature = "json")]
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Whether types write themselves as people read them: an address as text, and not as four bytes.
    pub(super) fn is_human_readable(self) -> bool {
        match self {
            Self::MessagePack => false,
            #[cfg(feature = "json")]
            Self::Json => true,
        }
    }

    /// Adds a value to bytes.
    pub(super) fn write<T: Serialize>(self, value: &T, bytes: &mut Vec<u8>) -> Result<(), String> {
        value.serialize(Exact::new(self)).map_err(text)?;
        match self {
            Self::MessagePack => {
                let mut out = rmp_serde::Serializer::new(bytes).with_struct_map();
                value.serialize(&mut out).map_err(text)
            }
            #[cfg(feature = "json")]
            Self::Json => serde_json::to_writer(bytes, value).map_err(text),
        }
    }

    /// Reads a value from all of the bytes, and borrows none of them.
    pub(super) fn read<T: Deserialize<'static>>(self, bytes: &[u8]) -> Result<T, String> {
        match self {
            Self::MessagePack => {
                let mut from = rmp_serde::Deserializer::new(bytes);
                // An enum counts twice there.
                from.set_max_depth(2 * usize::from(MAX_DEPTH) + 2);
                let value = T::deserialize(&mut from).map_err(text)?;
                match from.get_ref().len() {
                    0 => Ok(value),
                    left => Err(format!("{left} of {} bytes are left", bytes.len())),
                }
            }
            #[cfg(feature = "json")]
            Self::Json => {
                let mut from = serde_json::Deserializer::from_reader(bytes);
                let value = T::deserialize(&mut from).map_err(text)?;
                from.end().map(|()| value).map_err(text)
            }
        }
    }
}

/// Its [tag](Self::tag).
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.tag())
    }
}

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}
