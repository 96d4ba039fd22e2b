//! Finds the codec of a type without asking for one: what generated code calls.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

#[cfg(feature = "serde")]
pub use crate::codec::ValueCodec;

/// Without the feature `serde`, no type has one.
#[cfg(not(feature = "serde"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueCodec {}

/// Asks whether `T` has a codec, where `T` is known.
///
/// A method is looked for here first, and in what this dereferences to if `T` is not what it asks for.
pub struct Capture<T: ?Sized>(PhantomData<T>);

/// Answers for a type that has none.
#[derive(Debug)]
pub struct NoCodec;

impl<T: ?Sized> Capture<T> {
    /// For `T`.
    pub const OF: Self = Self(PhantomData);
}

#[cfg(feature = "serde")]
impl<T> Capture<T>
where
    T: crate::value::Value + serde::Serialize + serde::Deserialize<'static>,
{
    /// The codec of `T`.
    pub fn captured_codec(&self) -> Option<ValueCodec> {
        Some(ValueCodec::of::<T>())
    }
}

impl NoCodec {
    /// None.
    pub fn captured_codec(&self) -> Option<ValueCodec> {
        None
    }
}

impl<T: ?Sized> Deref for Capture<T> {
    type Target = NoCodec;

    fn deref(&self) -> &NoCodec {
        &NoCodec
    }
}

impl<T: ?Sized> fmt::Debug for Capture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Capture")
    }
}
