//! Whether text may be a key.

use super::MappingKey;
use super::text::is_plain_byte;

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

/// Says whether text is a key.
pub(super) fn judge(text: &str) -> Result<(), KeyError> {
    if text.is_empty() {
        return Err(KeyError::Empty);
    }
    if text.len() > MappingKey::MAX_LEN {
        return Err(KeyError::TooLong { len: text.len() });
    }
    // Without an early end, so that several bytes are looked at at once.
    if text.bytes().fold(true, |plain, byte| plain & is_plain_byte(byte)) {
        return Ok(());
    }
    match text.char_indices().find(|(_, character)| character.is_control()) {
        Some((at, character)) => Err(KeyError::Control { character, at }),
        None => Ok(()),
    }
}
