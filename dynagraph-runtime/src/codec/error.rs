//! Why a value has no bytes, or bytes are no value.

use super::ValueCodec;

/// Why a value could not be written, or bytes could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The value cannot be written so that it is read as the same.
    #[error("a `{type_name}` cannot be encoded: {reason}")]
    #[non_exhaustive]
    Encode {
        /// The type of the value.
        type_name: &'static str,
        /// Why not.
        reason: String,
    },
    /// The bytes are no value of the type.
    #[error("the bytes are no `{type_name}`: {reason}")]
    #[non_exhaustive]
    Decode {
        /// The type that was read.
        type_name: &'static str,
        /// Why not.
        reason: String,
    },
    /// The type's implementation of `Serialize`, `Deserialize` or `Drop` panicked.
    #[error("the serde implementation of `{type_name}` panicked: {message}")]
    #[non_exhaustive]
    Panicked {
        /// The type.
        type_name: &'static str,
        /// What it panicked with.
        message: String,
    },
}

impl CodecError {
    pub(super) fn encode(codec: ValueCodec, reason: String) -> Self {
        Self::Encode { type_name: codec.type_name(), reason }
    }

    pub(super) fn decode(codec: ValueCodec, reason: String) -> Self {
        Self::Decode { type_name: codec.type_name(), reason }
    }

    pub(super) fn panicked(codec: ValueCodec, message: String) -> Self {
        Self::Panicked { type_name: codec.type_name(), message }
    }
}
