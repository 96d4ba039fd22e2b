//! Mapping keys: what tells the copies of a mapped op apart.

mod convert;
mod digits;
mod exact;
mod integers;
mod judge;
mod list;
mod path;
#[cfg(test)]
mod random;
mod set;
mod text;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use digits::Digits;
pub use judge::KeyError;
use judge::judge;
pub(crate) use list::{Fault, first_fault};
pub use path::{KeyPath, StepKey};
pub(crate) use path::{SharedPath, StepName};
pub(crate) use set::KeySet;
use text::{ShortText, Written};

/// Identifies one copy of everything that is mapped over a dynamic output.
///
/// A key is made from any integer or from text.
/// A key made from an integer stays one, and equals the key made from its digits: `7` and `"7"` are one key.
/// Keys are case-sensitive.
/// Integers of up to 64 bits, and text of up to 22 bytes, are kept in place: such a key is made and cloned without allocation.
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

const _: () = assert!(size_of::<MappingKey>() <= 24);

/// Every text has one representation: an integer is never text if its digits fit, text is never shared if it is short.
#[derive(Clone)]
enum Repr {
    Int {
        value: i64,
        digits: Digits,
    },
    Text(ShortText),
    LongText(Arc<str>),
    /// Several keys, outermost first: percent-encoded and joined by `/`.
    Path(ShortText),
    LongPath(Arc<str>),
}

impl MappingKey {
    /// The most bytes that the text of a key may have.
    pub const MAX_LEN: usize = 1_024;

    /// The key's text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Int { digits, .. } => digits.as_str(),
            Repr::Text(text) | Repr::Path(text) => text.as_str(),
            Repr::LongText(text) | Repr::LongPath(text) => text,
        }
    }

    /// The key, from where it is not used any more.
    #[inline]
    pub(crate) fn take(&mut self) -> Self {
        std::mem::replace(self, Self(Repr::Text(ShortText::EMPTY)))
    }

    /// The key of a copy below another copy: `outer/inner`.
    pub(crate) fn join(outer: &Self, inner: &Self) -> Self {
        Self(match path::joined(outer, inner) {
            Written::Short(text) => Repr::Path(text),
            Written::Long(text) => Repr::LongPath(text.into()),
        })
    }

    /// The key as an op emits it: what was the path of a copy is one key of the new one.
    #[inline]
    pub(crate) fn emitted(self) -> Self {
        match self.0 {
            Repr::Path(text) => Self(Repr::Text(text)),
            Repr::LongPath(text) => Self(Repr::LongText(text)),
            _ => self,
        }
    }

    /// Whether the text is already a percent-encoded path.
    fn is_path(&self) -> bool {
        matches!(self.0, Repr::Path(_) | Repr::LongPath(_))
    }

    /// Says whether an op may emit this key.
    #[inline]
    pub(crate) fn check(&self) -> Result<(), KeyError> {
        match &self.0 {
            Repr::Text(text) if text.is_plain() && text.len() > 0 => Ok(()),
            Repr::Text(text) => judge(text.as_str()),
            Repr::LongText(text) => judge(text),
            Repr::Int { .. } | Repr::Path(_) | Repr::LongPath(_) => Ok(()),
        }
    }

    /// The integer that the key is, if it has few digits. None says nothing.
    #[inline]
    fn short_integer(&self) -> Option<i64> {
        if let Repr::Int { value, .. } = self.0 { Some(value) } else { None }
    }

    /// The integer that the key is, if it is one.
    #[inline]
    fn integer(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int { value, .. } => Some(*value),
            Repr::Text(text) if text.len() > Digits::MOST => canonical_int(text.as_str()),
            _ => None,
        }
    }

    /// How it stands to another key, by its length and then its text; and by its text alone.
    fn orders(&self, other: &Self) -> (Ordering, Ordering) {
        match (&self.0, &other.0) {
            (Repr::Text(a), Repr::Text(b)) => a.orders(b),
            _ => {
                let (a, b) = (self.as_str(), other.as_str());
                let by_text = a.cmp(b);
                (a.len().cmp(&b.len()).then(by_text), by_text)
            }
        }
    }

    /// The order in which shorter text comes first.
    fn by_length(&self, other: &Self) -> Ordering {
        self.orders(other).0
    }

    #[inline]
    fn from_int(value: i64) -> Self {
        match Digits::of(value) {
            Some(digits) => Self(Repr::Int { value, digits }),
            None => Self::printed(value),
        }
    }

    /// The key that an integer of too many digits prints as.
    fn printed(value: impl fmt::Display) -> Self {
        Self(match Written::of(value) {
            Written::Short(text) => Repr::Text(text),
            Written::Long(text) => Repr::LongText(text.into()),
        })
    }

    fn from_text(text: impl Into<Arc<str>> + AsRef<str>) -> Self {
        let short = text.as_ref();
        if short.len() <= Digits::MOST
            && let Some(value) = canonical_int(short)
        {
            return Self::from_int(value);
        }
        Self(ShortText::new(short).map_or_else(|| Repr::LongText(text.into()), Repr::Text))
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
        use Repr::{Int, LongPath, LongText, Path, Text};
        match (&self.0, &other.0) {
            (Int { value: a, .. }, Int { value: b, .. }) => a == b,
            (Text(a) | Path(a), Text(b) | Path(b)) => a == b,
            (LongText(a) | LongPath(a), LongText(b) | LongPath(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for MappingKey {}

impl Hash for MappingKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Repr::Int { value, .. } => value.hash(state),
            Repr::Text(text) | Repr::Path(text) => text.hash(state),
            Repr::LongText(text) | Repr::LongPath(text) => text.hash(state),
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
        for value in [0, 7, -1, 1_000, 10_i64.pow(14), i64::MIN, i64::MAX] {
            assert_eq!(MappingKey::from(value).as_str(), value.to_string());
            assert_eq!(MappingKey::from(value), MappingKey::from(value.to_string()));
        }
        assert_eq!(MappingKey::from(u128::MAX).as_str(), u128::MAX.to_string());
    }

    #[test]
    fn text_of_every_length_is_kept() {
        for len in 0..50 {
            let text = "é".repeat(len / 2) + &"x".repeat(len % 2);
            let key = MappingKey::from(text.as_str());
            assert_eq!(key.as_str(), text);
            assert_eq!(key, MappingKey::from(text.clone()));
            assert_ne!(key, MappingKey::from(text + "\0"));
        }
    }

    #[test]
    fn an_emitted_path_is_a_key_like_any_other() {
        for part in ["a", "a-rather-long-name"] {
            let path = MappingKey::join(&part.into(), &part.into());
            let text = path.to_string();
            assert_eq!(path, MappingKey::from(text.as_str()));
            let emitted = path.emitted();
            assert_eq!(emitted.as_str(), text);
            assert_eq!(
                MappingKey::join(&1.into(), &emitted).as_str(),
                format!("1/{part}%2F{part}")
            );
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
        assert_eq!(MappingKey::from("日本".repeat(9)).check(), Ok(()));
        for (character, at) in [('\u{9f}', 30), ('\u{7f}', 90)] {
            let text = format!("{}{character}\n", "é".repeat(at / 2));
            assert_eq!(MappingKey::from(text).check(), Err(KeyError::Control { character, at }));
        }
    }

    #[test]
    fn a_joined_key_encodes_each_part_once() {
        let outer = MappingKey::join(&"a/b".into(), &1.into());
        assert_eq!(outer.as_str(), "a%2Fb/1");
        let inner = MappingKey::join(&outer, &"c%".into());
        assert_eq!(inner.as_str(), "a%2Fb/1/c%25");
        assert_eq!(MappingKey::join(&inner, &inner).as_str(), "a%2Fb/1/c%25/a%2Fb/1/c%25");
    }
}
