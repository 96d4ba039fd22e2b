//! What mapping keys are made from.

use std::borrow::Cow;

use super::MappingKey;

impl From<&str> for MappingKey {
    fn from(text: &str) -> Self {
        Self::from_text(text)
    }
}

impl From<String> for MappingKey {
    fn from(text: String) -> Self {
        Self::from_text(text)
    }
}

impl From<&String> for MappingKey {
    fn from(text: &String) -> Self {
        Self::from_text(text.as_str())
    }
}

impl From<Cow<'_, str>> for MappingKey {
    fn from(text: Cow<'_, str>) -> Self {
        Self::from_text(text)
    }
}

impl From<char> for MappingKey {
    fn from(character: char) -> Self {
        Self::from_text(&*character.encode_utf8(&mut [0; 4]))
    }
}

impl From<&Self> for MappingKey {
    fn from(key: &Self) -> Self {
        key.clone()
    }
}

macro_rules! from_small_int {
    ($($int:ty),*) => {$(
        impl From<$int> for MappingKey {
            #[inline]
            fn from(value: $int) -> Self {
                Self::from_int(i64::from(value))
            }
        }
    )*};
}

macro_rules! from_wide_int {
    ($($int:ty),*) => {$(
        impl From<$int> for MappingKey {
            #[inline]
            fn from(value: $int) -> Self {
                match i64::try_from(value) {
                    Ok(value) => Self::from_int(value),
                    Err(_) => Self::printed(value),
                }
            }
        }
    )*};
}

from_small_int!(i8, i16, i32, i64, u8, u16, u32);
from_wide_int!(u64, i128, u128, usize, isize);
