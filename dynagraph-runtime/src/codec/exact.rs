//! Finds what a format would write without an error, and read as something else.
//!
//! A value is first written to nowhere, which costs a walk through it.

use std::fmt;

use serde::ser::{self, Serialize, Serializer};

use super::Format;

/// How deep a value may be nested: one less than what `serde_json` reads, and little enough for the stack of a thread.
pub(super) const MAX_DEPTH: u8 = 127;

/// Writes to nowhere.
#[derive(Clone, Copy)]
pub(super) struct Exact {
    format: Format,
    /// How much deeper the value may be.
    depth: u8,
}

/// Whether what is written means that there is nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Nothing,
    Something,
}

/// Why the value cannot be written.
#[derive(Debug)]
pub(super) struct Inexact(String);

type Result<T = Written> = std::result::Result<T, Inexact>;

impl Exact {
    pub(super) fn new(format: Format) -> Self {
        Self { format, depth: MAX_DEPTH }
    }

    fn deeper(self, levels: u8) -> Result<Self> {
        let depth = self.depth.checked_sub(levels);
        let deeper = depth.map(|depth| Self { depth, ..self });
        deeper.ok_or_else(|| Inexact(format!("it is nested more than {MAX_DEPTH} deep")))
    }

    fn float(self, value: f64) -> Result {
        if !self.format.is_human_readable() || value.is_finite() {
            return Ok(Written::Something);
        }
        Err(Inexact(format!("{} has no word for the number {value}", self.format)))
    }
}

/// Values that are what they are, in every format.
macro_rules! something {
    ($($name:ident($($given:ty),*)),* $(,)?) => {$(
        fn $name(self, $(_: $given),*) -> Result {
            Ok(Written::Something)
        }
    )*};
}

impl Serializer for Exact {
    type Ok = Written;
    type Error = Inexact;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    something! {
        serialize_bool(bool), serialize_char(char), serialize_str(&str), serialize_bytes(&[u8]),
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64), serialize_i128(i128),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64), serialize_u128(u128),
        serialize_unit_variant(&'static str, u32, &'static str),
    }

    fn is_human_readable(&self) -> bool {
        self.format.is_human_readable()
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, _: &T) -> Result {
        Ok(Written::Something)
    }

    fn serialize_f32(self, value: f32) -> Result {
        self.float(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result {
        self.float(value)
    }

    fn serialize_none(self) -> Result {
        Ok(Written::Nothing)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        match value.serialize(self)? {
            Written::Something => Ok(Written::Something),
            Written::Nothing => {
                Err(Inexact("a `Some` in it would be read as `None`: it holds nothing".to_owned()))
            }
        }
    }

    fn serialize_unit(self) -> Result {
        Ok(Written::Nothing)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result {
        // MessagePack has the empty list here.
        Ok(if self.is_human_readable() { Written::Nothing } else { Written::Something })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result {
        value.serialize(self.deeper(1)?)?;
        Ok(Written::Something)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self> {
        self.deeper(1)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self> {
        self.deeper(1)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self> {
        self.deeper(1)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self> {
        self.deeper(2)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self> {
        self.deeper(1)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self> {
        self.deeper(1)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self> {
        self.deeper(2)
    }
}

/// The parts of a value: each is looked at.
macro_rules! parts {
    ($($compound:ident { $($part:ident($($name:ty)?)),* })*) => {$(
        impl ser::$compound for Exact {
            type Ok = Written;
            type Error = Inexact;

            $(fn $part<T: Serialize + ?Sized>(&mut self, $(_: $name,)? value: &T) -> Result<()> {
                value.serialize(*self).map(|_| ())
            })*

            fn end(self) -> Result {
                Ok(Written::Something)
            }
        }
    )*};
}

parts! {
    SerializeSeq { serialize_element() }
    SerializeTuple { serialize_element() }
    SerializeTupleStruct { serialize_field() }
    SerializeTupleVariant { serialize_field() }
    SerializeMap { serialize_key(), serialize_value() }
    SerializeStruct { serialize_field(&'static str) }
    SerializeStructVariant { serialize_field(&'static str) }
}

impl ser::Error for Inexact {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl fmt::Display for Inexact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Inexact {}
