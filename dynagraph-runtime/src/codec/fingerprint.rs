//! What tells whether a step would be given the same as before: hashes of values, of lists and of steps.

use super::Format;
use crate::store::Fingerprint;

/// Of what a store compares: 16 bytes of BLAKE3.
///
/// What goes into one never changes, so that a later version knows what an earlier one kept.
impl Fingerprint {
    /// Of a value, by its bytes.
    ///
    /// The type belongs to it, as the bytes alone do not say what they mean: one metre and one foot are the same number.
    /// A type that is renamed or moved costs a step that is run again; a wrong value would cost more.
    pub fn of_value(type_name: &str, format: Format, bytes: &[u8]) -> Self {
        Parts::of(VALUE).bytes(type_name).bytes(format.tag()).bytes(bytes).finish()
    }

    /// Of a step, by what its op is called, the op's version, and what it is given, in the order of its inputs.
    pub fn of_step(
        op: &str,
        version: Option<&str>,
        inputs: impl IntoIterator<Item = Self>,
    ) -> Self {
        let parts = Parts::of(STEP).bytes(op).number(u64::from(version.is_some()));
        parts.bytes(version.unwrap_or_default()).prints(inputs).finish()
    }

    /// Of a list, by its values in order: what a collect or a batch gives.
    pub fn of_list(values: impl IntoIterator<Item = Self>) -> Self {
        Parts::of(LIST).prints(values).finish()
    }

    /// Of values with their keys, in order: what a keyed collect gives.
    pub fn of_keyed<K: AsRef<str>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        let mut parts = Parts::of(KEYED);
        for (key, value) in entries {
            parts = parts.bytes(key.as_ref()).print(value);
        }
        parts.finish()
    }
}

/// What is hashed, so that no two kinds of things, and no two lists of parts, are the same bytes.
struct Parts {
    /// BLAKE3's, by which it tells kinds apart.
    kind: &'static Kind,
    bytes: Vec<u8>,
    /// What went before the bytes, if it was much.
    hasher: Option<Box<blake3::Hasher>>,
}

type Kind = [u8; 32];

const VALUE: &Kind = b"dynagraph fingerprint 1: value  ";
const STEP: &Kind = b"dynagraph fingerprint 1: step   ";
const LIST: &Kind = b"dynagraph fingerprint 1: list   ";
const KEYED: &Kind = b"dynagraph fingerprint 1: keyed  ";

/// How many bytes are hashed at once. Few are hashed much faster without a state to keep.
const AT_ONCE: usize = 16 * 1_024;

impl Parts {
    fn of(kind: &'static Kind) -> Self {
        Self { kind, bytes: Vec::with_capacity(256), hasher: None }
    }

    fn number(self, number: u64) -> Self {
        self.fixed(&number.to_le_bytes())
    }

    fn bytes(self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self.number(bytes.len() as u64).fixed(bytes)
    }

    fn print(self, print: Fingerprint) -> Self {
        self.fixed(print.as_bytes())
    }

    fn prints(self, prints: impl IntoIterator<Item = Fingerprint>) -> Self {
        prints.into_iter().fold(self, Self::print)
    }

    /// A part whose length is known.
    fn fixed(mut self, part: &[u8]) -> Self {
        if self.bytes.len() + part.len() <= AT_ONCE {
            self.bytes.extend_from_slice(part);
            return self;
        }
        let new = || Box::new(blake3::Hasher::new_keyed(self.kind));
        let hasher = self.hasher.get_or_insert_with(new);
        hasher.update(&self.bytes).update(part);
        self.bytes.clear();
        self
    }

    fn finish(self) -> Fingerprint {
        let hash = match self.hasher {
            None => blake3::keyed_hash(self.kind, &self.bytes),
            Some(mut hasher) => hasher.update(&self.bytes).finalize(),
        };
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.as_bytes()[..16]);
        Fingerprint::from_bytes(bytes)
    }
}
