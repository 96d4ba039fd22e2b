//! Finds the codec of a type without asking for one: what generated code calls.

use std::any::type_name;
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
pub struct Capture<T: ?Sized>(NoCodec<T>);

/// Answers for a type that has none.
pub struct NoCodec<T: ?Sized>(PhantomData<T>);

/// What is known of a type.
#[derive(Clone, Copy)]
pub struct Captured {
    pub(crate) codec: Option<ValueCodec>,
    pub(crate) type_name: fn() -> &'static str,
}

impl<T: ?Sized> Capture<T> {
    /// For `T`.
    pub const OF: Self = Self(NoCodec(PhantomData));
}

#[cfg(feature = "serde")]
impl<T> Capture<T>
where
    T: crate::value::Value + serde::Serialize + serde::Deserialize<'static>,
{
    /// The codec of `T`.
    pub fn captured_codec(&self) -> Captured {
        Captured { codec: Some(ValueCodec::of::<T>()), type_name: type_name::<T> }
    }
}

impl<T: ?Sized> NoCodec<T> {
    /// None.
    pub fn captured_codec(&self) -> Captured {
        Captured { codec: None, type_name: type_name::<T> }
    }
}

impl<T: ?Sized> Deref for Capture<T> {
    type Target = NoCodec<T>;

    fn deref(&self) -> &NoCodec<T> {
        &self.0
    }
}

impl<T: ?Sized> fmt::Debug for Capture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Capture")
    }
}

impl<T: ?Sized> fmt::Debug for NoCodec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoCodec")
    }
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Captured({})", (self.type_name)())
    }
}
