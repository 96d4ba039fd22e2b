//! Short text in place, and text that is being written.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// Text short enough to be copied with the key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct ShortText {
    len: u8,
    /// The text, and zeros after it.
    bytes: [u8; Self::MOST],
}

impl ShortText {
    /// The most bytes it has.
    pub(super) const MOST: usize = 22;

    pub(super) const EMPTY: Self = Self { len: 0, bytes: [0; Self::MOST] };

    /// The text, if it is short.
    pub(super) fn new(text: &str) -> Option<Self> {
        let mut short = Self::EMPTY;
        short.push(text).then_some(short)
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len()]).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// How it stands to another text, by its length and then itself; and by itself alone.
    pub(super) fn orders(&self, other: &Self) -> (Ordering, Ordering) {
        let (by_bytes, by_length) = (self.bytes.cmp(&other.bytes), self.len.cmp(&other.len));
        (by_length.then(by_bytes), by_bytes.then(by_length))
    }

    /// Whether every character is ASCII, and none a control character.
    pub(super) fn is_plain(&self) -> bool {
        let plain: u8 = self.bytes.iter().map(|byte| u8::from(is_plain_byte(*byte))).sum();
        plain == self.len
    }

    /// Appends text. Says whether it fits; if not, nothing changes.
    fn push(&mut self, text: &str) -> bool {
        let end = self.len() + text.len();
        let Some(place) = self.bytes.get_mut(usize::from(self.len)..end) else { return false };
        place.copy_from_slice(text.as_bytes());
        #[expect(clippy::cast_possible_truncation, reason = "a place in 22 bytes")]
        {
            self.len = end as u8;
        }
        true
    }
}

impl Hash for ShortText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.bytes);
    }
}

/// Whether the byte is an ASCII character, and no control character.
pub(super) fn is_plain_byte(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte)
}

/// Text that is being written: allocated only once it is no longer short.
pub(super) enum Written {
    Short(ShortText),
    Long(String),
}

impl Written {
    pub(super) const EMPTY: Self = Self::Short(ShortText::EMPTY);

    /// What `value` prints.
    pub(super) fn of(value: impl fmt::Display) -> Self {
        let mut written = Self::EMPTY;
        // Writing to text in memory cannot fail.
        let _written = fmt::write(&mut written, format_args!("{value}"));
        written
    }
}

impl fmt::Write for Written {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match self {
            Self::Short(short) => {
                if !short.push(text) {
                    *self = Self::Long([short.as_str(), text].concat());
                }
            }
            Self::Long(long) => long.push_str(text),
        }
        Ok(())
    }
}
