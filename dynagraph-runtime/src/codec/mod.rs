//! Values as bytes, for whoever keeps them beyond a run. The feature `serde`.
//!
//! `#[op]` captures a [`ValueCodec`] for every type that an op takes or gives, if the type implements serde's
//! `Serialize` and `Deserialize`. Nothing is asked of other types.
//!
//! # What is kept exactly
//!
//! What is read equals what was written, as far as the type's own serde implementation allows it, or there is an error:
//! a value that would be read as another one is refused when it is [encoded](ValueCodec::encode).
//! So are `Some(None)` and `Some(())`, which both formats write as `None`, and in JSON a number that is not finite and a
//! map whose keys are no text, numbers or `bool`s.
//!
//! What the implementation says is done: a field with `#[serde(skip)]` is lost, and a value of an untagged enum is read
//! as the first variant that fits.
//! A type that borrows for ever, such as `&'static str`, can be written and not read.
//!
//! A `HashMap` is written in the order of the moment, so that its bytes, and with them its [`Fingerprint`], differ from one
//! process to the next; a `BTreeMap` has one order.
//!
//! Values may be nested 127 deep. Bytes are smaller and faster as `serde_bytes::ByteBuf` than as `Vec<u8>`, which is a
//! list of numbers; a field takes `#[serde(with = "serde_bytes")]`.

mod error;
mod exact;
mod fingerprint;
mod format;
#[cfg(test)]
mod tests;
mod words;

use std::any::{TypeId, type_name};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Deserialize, Serialize};

pub use error::CodecError;
pub use format::Format;

pub use crate::store::Fingerprint;
use crate::value::{Erased, Value, panic_message};

/// Writes and reads the values of one type.
///
/// # Examples
///
/// ```
/// use dynagraph_runtime::codec::ValueCodec;
/// use dynagraph_runtime::{OpSpec, OutputSpec};
///
/// // What `#[op]` writes for `fn length(text: String) -> usize`.
/// let codec = ValueCodec::of::<usize>();
/// let spec = OpSpec::new(&["text"])
///     .input_codecs(&[Some(ValueCodec::of::<String>())])
///     .outputs([OutputSpec::plain("output").with_codec(codec)]);
/// assert_eq!(codec.type_name(), "usize");
/// # let _ = spec;
/// ```
#[derive(Clone, Copy)]
pub struct ValueCodec(&'static Table);

struct Table {
    type_id: fn() -> TypeId,
    type_name: fn() -> &'static str,
    encode: fn(&Erased, Format, &mut Vec<u8>) -> Result<(), String>,
    decode: fn(&[u8], Format) -> Result<Erased, String>,
}

impl ValueCodec {
    /// The codec of a type.
    // `DeserializeOwned` cannot be asked of `&'static str` where codecs are captured: the compiler says yes, and then no.
    // The readers below borrow nothing, so that they serve every lifetime.
    pub const fn of<T: Value + Serialize + Deserialize<'static>>() -> Self {
        Self(
            const {
                &Table {
                    type_id: TypeId::of::<T>,
                    type_name: type_name::<T>,
                    encode: |value, format, bytes| format.write(value.peek::<T>(), bytes),
                    decode: |bytes, format| format.read::<T>(bytes).map(Erased::new),
                }
            },
        )
    }

    /// The name of the type. Another compiler may call it otherwise.
    pub fn type_name(self) -> &'static str {
        (self.0.type_name)()
    }

    /// Adds a value of this type to `bytes`. After an error, they are as they were.
    ///
    /// # Errors
    ///
    /// If the type's `Serialize` fails or panics, or if what it writes would be read as something else.
    pub fn encode(
        self,
        value: &Erased,
        format: Format,
        bytes: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        let before = bytes.len();
        let encoded = self.guarded(|| (self.0.encode)(value, format, bytes));
        let encoded =
            encoded.and_then(|encoded| encoded.map_err(|reason| CodecError::encode(self, reason)));
        if encoded.is_err() {
            bytes.truncate(before);
        }
        encoded
    }

    /// Makes the value that all of these bytes are.
    ///
    /// # Errors
    ///
    /// If the type's `Deserialize` fails or panics, or if it leaves bytes.
    pub fn decode(self, bytes: &[u8], format: Format) -> Result<Erased, CodecError> {
        self.guarded(|| (self.0.decode)(bytes, format))?
            .map_err(|reason| CodecError::decode(self, reason))
    }

    /// Calls code that is not ours.
    fn guarded<R>(self, call: impl FnOnce() -> R) -> Result<R, CodecError> {
        catch_unwind(AssertUnwindSafe(call))
            .map_err(|payload| CodecError::panicked(self, panic_message(payload)))
    }
}

impl PartialEq for ValueCodec {
    fn eq(&self, other: &Self) -> bool {
        (self.0.type_id)() == (other.0.type_id)()
    }
}

impl Eq for ValueCodec {}

impl fmt::Debug for ValueCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ValueCodec({})", self.type_name())
    }
}
