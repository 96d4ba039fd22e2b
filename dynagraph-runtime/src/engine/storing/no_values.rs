//! Without the feature `serde` no value can be stored, and so no step is known to be as before.

use super::prints::StepPrints;
use crate::capture::ValueCodec;
use crate::store::{Codec, Fingerprint, StoredValue};
use crate::value::Erased;

pub(super) fn print(codec: ValueCodec, _: &Erased) -> Option<Fingerprint> {
    match codec {}
}

pub(super) fn step_print(
    _: &str,
    _: Option<&str>,
    inputs: impl Iterator<Item = Option<Fingerprint>>,
) -> StepPrints {
    StepPrints { fingerprint: None, inputs: inputs.map(|_| None).collect() }
}

pub(super) fn encode(codec: Option<ValueCodec>, _: &Erased, _: Codec) -> Option<StoredValue> {
    match codec? {}
}

pub(super) fn decode(codec: Option<ValueCodec>, _: &StoredValue) -> Option<Erased> {
    match codec? {}
}
