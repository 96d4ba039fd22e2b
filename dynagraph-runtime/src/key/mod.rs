//! Mapping keys: what tells the copies of a mapped op apart.

mod path;
mod set;

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

pub use path::{KeyPath, StepKey};
pub(crate) use set::KeySet;

/// Identifies one copy of everything that is mapped over a dynamic output.
///
/// A key is made from any integer or from text.
/// A key made from an integer stays one, and equals the key made from its digits: `7` and `"7"` are one key.
/// Keys are case-sensitive.
///
/// Text is judged when the key is emitted: it must not be empty, be longer than [`MappingKey::MAX_LEN`] bytes, or hold
/// a control character.
///
/// # Examples
///
/// ```
/// use dynagraph_runtime::MappingKey;
///
/// assert_eq!(MappingKey::from(7), MappingKey::from("7"));
/// assert_eq!(MappingKey::from("src/main.rs").as_str(), "src/main.rs");
/// ```
#[derive(Clone)]
pub struct MappingKey(Repr);

#[derive(Clone)]
enum Repr {
    Int {
        value: i64,
        digits: Digits,
    },
    Text(Arc<str>),
    /// Several keys, outermost first: percent-encoded and joined by `/`.
    Path(Arc<str>),
}

/// The digits of an integer, in place: they are asked for as text, and a key must cost no allocation.
#[derive(Clone, Copy)]
struct Digits {
    text: [u8; Self::MOST],
    start: u8,
}

impl Digits {
    /// Those of `i64::MIN`, with its sign.
    const MOST: usize = 20;

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a digit is less than 10, a place at most 20"
    )]
    fn of(value: i64) -> Self {
        let mut text = [0; Self::MOST];
        let mut start = Self::MOST;
        let mut rest = value.unsigned_abs();
        loop {
            start -= 1;
            text[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            start -= 1;
            text[start] = b'-';
        }
        Self { text, start: start as u8 }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[usize::from(self.start)..]).unwrap_or_default()
    }
}

/// Why a text cannot be a mapping key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It has no characters.
    #[error("a mapping key is at least one character")]
    Empty,
    /// It is longer than [`MappingKey::MAX_LEN`].
    #[error("a mapping key is at most {max} bytes, this one has {len}", max = MappingKey::MAX_LEN)]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// It holds a control character.
    #[error("a mapping key has no control characters, this one has {character:?} at byte {at}")]
    Control {
        /// The first such character.
        character: char,
        /// Where it stands, in bytes from the start.
        at: usize,
    },
}

impl MappingKey {
    /// The most bytes that the text of a key may have.
    pub const MAX_LEN: usize = 1_024;

    /// The key's text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Int { digits, .. } => digits.as_str(),
            Repr::Text(text) | Repr::Path(text) => text,
        }
    }

    /// The key of a copy below another copy: `outer/inner`.
    pub(crate) fn join(outer: &Self, inner: &Self) -> Self {
        let mut text = String::new();
        path::push_segment(&mut text, outer);
        text.push('/');
        path::push_segment(&mut text, inner);
        Self(Repr::Path(text.into()))
    }

    /// The key as an op emits it: what was the path of a copy is one key of the new one.
    pub(crate) fn emitted(self) -> Self {
        match self.0 {
            Repr::Path(text) => Self(Repr::Text(text)),
            _ => self,
        }
    }

    /// Whether the text is already a percent-encoded path.
    fn is_path(&self) -> bool {
        matches!(self.0, Repr::Path(_))
    }

    /// Says whether an op may emit this key.
    pub(crate) fn check(&self) -> Result<(), KeyError> {
        let Repr::Text(text) = &self.0 else { return Ok(()) };
        if text.is_empty() {
            return Err(KeyError::Empty);
        }
        if text.len() > Self::MAX_LEN {
            return Err(KeyError::TooLong { len: text.len() });
        }
        match text.char_indices().find(|(_, character)| character.is_control()) {
            Some((at, character)) => Err(KeyError::Control { character, at }),
            None => Ok(()),
        }
    }

    fn from_int(value: i64) -> Self {
        Self(Repr::Int { value, digits: Digits::of(value) })
    }

    fn from_text(text: impl Into<Arc<str>> + AsRef<str>) -> Self {
        match canonical_int(text.as_ref()) {
            Some(value) => Self::from_int(value),
            None => Self(Repr::Text(text.into())),
        }
    }
}

/// The integer that prints as `text`, if there is one.
fn canonical_int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let first = *digits.as_bytes().first()?;
    let plain = first.is_ascii_digit() && (first != b'0' || text == "0");
    if plain { text.parse().ok() } else { None }
}

impl PartialEq for MappingKey {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Int { value: a, .. }, Repr::Int { value: b, .. }) => a == b,
            (Repr::Int { .. }, _) | (_, Repr::Int { .. }) => false,
            (Repr::Text(a) | Repr::Path(a), Repr::Text(b) | Repr::Path(b)) => a == b,
        }
    }
}

impl Eq for MappingKey {}

impl Hash for MappingKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Repr::Int { value, .. } => value.hash(state),
            Repr::Text(text) | Repr::Path(text) => text.hash(state),
        }
    }
}

impl PartialEq<str> for MappingKey {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for MappingKey {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for MappingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for MappingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl AsRef<str> for MappingKey {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

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
            fn from(value: $int) -> Self {
                Self::from_int(i64::from(value))
            }
        }
    )*};
}

macro_rules! from_wide_int {
    ($($int:ty),*) => {$(
        impl From<$int> for MappingKey {
            fn from(value: $int) -> Self {
                match i64::try_from(value) {
                    Ok(value) => Self::from_int(value),
                    Err(_) => Self(Repr::Text(value.to_string().into())),
                }
            }
        }
    )*};
}

from_small_int!(i8, i16, i32, i64, u8, u16, u32);
from_wide_int!(u64, i128, u128, usize, isize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_and_its_text_are_one_key() {
        assert_eq!(MappingKey::from(-3), MappingKey::from("-3"));
        assert_eq!(MappingKey::from(u64::MAX), MappingKey::from(u64::MAX.to_string()));
        assert_ne!(MappingKey::from(7), MappingKey::from("07"));
        assert_ne!(MappingKey::from(0), MappingKey::from("-0"));
    }

    #[test]
    fn an_integer_has_its_digits_as_text() {
        for value in [0, 7, -1, 1_000, i64::MIN, i64::MAX] {
            assert_eq!(MappingKey::from(value).as_str(), value.to_string());
        }
    }

    #[test]
    fn bad_text_is_named() {
        assert_eq!(MappingKey::from("").check(), Err(KeyError::Empty));
        let long = "k".repeat(1_025);
        assert_eq!(MappingKey::from(long).check(), Err(KeyError::TooLong { len: 1_025 }));
        assert_eq!(MappingKey::from("k".repeat(1_024)).check(), Ok(()));
        let control = KeyError::Control { character: '\n', at: 1 };
        assert_eq!(MappingKey::from("a\nb").check(), Err(control));
        assert!(MappingKey::from("a\u{85}").check().is_err());
        assert_eq!(MappingKey::from("日本/[x]").check(), Ok(()));
    }

    #[test]
    fn a_joined_key_encodes_each_part_once() {
        let outer = MappingKey::join(&"a/b".into(), &1.into());
        assert_eq!(outer.as_str(), "a%2Fb/1");
        assert_eq!(MappingKey::join(&outer, &"c%".into()).as_str(), "a%2Fb/1/c%25");
    }
}
