//! What makes a step of an earlier run as good as a new one.

use std::fmt;

/// Says of a step what its result depends on: its op, the op's version, and its inputs; or stands for a value.
///
/// Two steps with one fingerprint have the same result. A store only compares fingerprints.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// The fingerprint of these bytes, which are a hash.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Eight bytes of the fingerprint of an input: enough to say which of a step's inputs changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputPrint([u8; 8]);

impl InputPrint {
    /// The print of these bytes.
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl From<Fingerprint> for InputPrint {
    fn from(Fingerprint(bytes): Fingerprint) -> Self {
        let mut print = [0; 8];
        print.copy_from_slice(&bytes[..8]);
        Self(print)
    }
}

impl fmt::Debug for InputPrint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InputPrint({:016x})", u64::from_be_bytes(self.0))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}
