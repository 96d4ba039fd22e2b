//! What an op says about its outputs.

use std::fmt;
use std::time::Duration;

/// What an op said about its outputs, in the order in which it did: names, each with a value.
pub type Metadata = Vec<(String, MetadataValue)>;

/// A value that an op adds with [`OpContext::add_output_metadata`](crate::OpContext::add_output_metadata).
///
/// Made from numbers, `bool`, text, and [`Duration`], which becomes seconds.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use dynagraph_runtime::MetadataValue;
///
/// assert_eq!(MetadataValue::from(7_u64), MetadataValue::Int(7));
/// assert_eq!(MetadataValue::from(Duration::from_millis(1_500)), MetadataValue::Float(1.5));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MetadataValue {
    /// A number without a fraction.
    Int(i128),
    /// Any other number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// Text.
    Text(String),
}

impl fmt::Display for MetadataValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(value) => fmt::Display::fmt(value, f),
            Self::Float(value) => fmt::Display::fmt(value, f),
            Self::Bool(value) => fmt::Display::fmt(value, f),
            Self::Text(value) => fmt::Display::fmt(value, f),
        }
    }
}

macro_rules! from_integers {
    ($($int:ty)*) => {
        $(impl From<$int> for MetadataValue {
            fn from(value: $int) -> Self {
                Self::Int(value.into())
            }
        })*
    };
}

from_integers!(i8 i16 i32 i64 i128 u8 u16 u32 u64);

impl From<usize> for MetadataValue {
    fn from(value: usize) -> Self {
        Self::Int(i128::try_from(value).unwrap_or(i128::MAX))
    }
}

impl From<f32> for MetadataValue {
    fn from(value: f32) -> Self {
        Self::Float(value.into())
    }
}

impl From<f64> for MetadataValue {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

/// In seconds, with a fraction.
impl From<Duration> for MetadataValue {
    fn from(value: Duration) -> Self {
        Self::Float(value.as_secs_f64())
    }
}

impl From<bool> for MetadataValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for MetadataValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for MetadataValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
