//! An encoded value, and what must be known to decode it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::StoreError;
#[cfg(feature = "serde")]
use crate::codec::Format;

/// How the bytes of a stored value are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// `MessagePack`, with the names of fields.
    MessagePack,
    /// JSON.
    Json,
}

impl Codec {
    /// The number that stands for it in stores.
    pub const fn tag(self) -> u8 {
        match self {
            Self::MessagePack => 1,
            Self::Json => 2,
        }
    }

    /// How it is written, if this build has the feature for it.
    #[cfg(feature = "serde")]
    #[cfg_attr(
        feature = "json",
        expect(clippy::unnecessary_wraps, reason = "it depends on features")
    )]
    pub(crate) const fn format(self) -> Option<Format> {
        match self {
            Self::MessagePack => Some(Format::MessagePack),
            #[cfg(feature = "json")]
            Self::Json => Some(Format::Json),
            #[cfg(not(feature = "json"))]
            Self::Json => None,
        }
    }

    /// The codec that a number stands for.
    pub const fn from_tag(tag: u8) -> Option<Self> {
        match tag {
            1 => Some(Self::MessagePack),
            2 => Some(Self::Json),
            _ => None,
        }
    }
}

/// An encoded value.
#[derive(Debug, Clone)]
pub struct StoredValue {
    codec: Codec,
    type_name: Cow<'static, str>,
    content: Content,
}

#[derive(Clone)]
enum Content {
    Here(Vec<u8>),
    Elsewhere(Arc<dyn ValueSource>),
}

/// Where the bytes of a large value are.
pub trait ValueSource: fmt::Debug + Send + Sync + 'static {
    /// How many bytes there are.
    fn size(&self) -> u64;

    /// Reads them, and proves that they are what was written. May block.
    fn read(&self) -> Result<Vec<u8>, StoreError>;
}

impl StoredValue {
    /// A value of a type, encoded.
    pub fn new(codec: Codec, type_name: impl Into<Cow<'static, str>>, bytes: Vec<u8>) -> Self {
        Self { codec, type_name: type_name.into(), content: Content::Here(bytes) }
    }

    /// A value whose bytes are read when they are asked for.
    pub fn elsewhere(
        codec: Codec,
        type_name: impl Into<Cow<'static, str>>,
        source: Arc<dyn ValueSource>,
    ) -> Self {
        Self { codec, type_name: type_name.into(), content: Content::Elsewhere(source) }
    }

    /// How its bytes are to be read.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// The name of its type, when it was stored.
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// How many bytes it has.
    pub fn size(&self) -> u64 {
        match &self.content {
            Content::Here(bytes) => bytes.len() as u64,
            Content::Elsewhere(source) => source.size(),
        }
    }

    /// Reads its bytes, if they are elsewhere. Blocks for those of a large value.
    pub(super) fn read(&mut self) -> Result<(), StoreError> {
        if let Content::Elsewhere(source) = &self.content {
            self.content = Content::Here(source.read()?);
        }
        Ok(())
    }

    /// Its bytes, if they need not be read first.
    pub fn here(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Here(bytes) => Some(bytes),
            Content::Elsewhere(_) => None,
        }
    }

    /// Its bytes. Blocks for those of a large value.
    ///
    /// # Errors
    ///
    /// If the bytes are lost or damaged: the value counts as missing.
    pub fn bytes(&self) -> Result<Cow<'_, [u8]>, StoreError> {
        match &self.content {
            Content::Here(bytes) => Ok(Cow::Borrowed(bytes)),
            Content::Elsewhere(source) => source.read().map(Cow::Owned),
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Elsewhere(source) => source.fmt(f),
        }
    }
}
