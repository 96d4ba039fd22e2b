//! Values as a store has them.

use super::prints::StepPrints;
use crate::capture::ValueCodec;
use crate::codec::Format;
use crate::store::{Codec, Fingerprint, InputPrint, StoredValue};
use crate::value::Erased;

/// What fingerprints are made of, however values are stored.
const FORMAT: Format = Format::MessagePack;

fn bytes(codec: ValueCodec, value: &Erased, format: Format) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    codec.encode(value, format, &mut bytes).ok()?;
    Some(bytes)
}

/// What stands for a value, if it can be encoded.
pub(super) fn print(codec: ValueCodec, value: &Erased) -> Option<Fingerprint> {
    let bytes = bytes(codec, value, FORMAT)?;
    Some(Fingerprint::of_value(codec.type_name(), FORMAT, &bytes))
}

/// What stands for a step, if something does for each of its inputs, and what stands for those.
pub(super) fn step_print(
    op: &str,
    version: Option<&str>,
    inputs: impl Iterator<Item = Option<Fingerprint>>,
) -> StepPrints {
    let mut prints = Vec::with_capacity(inputs.size_hint().0);
    let mut known = true;
    let inputs = inputs.filter_map(|print| {
        known &= print.is_some();
        prints.push(print.map(InputPrint::from));
        print
    });
    let fingerprint = Fingerprint::of_step(op, version, inputs);
    StepPrints { fingerprint: known.then_some(fingerprint), inputs: prints }
}

/// A value as it is stored, if it can be: what cannot be written as it is wanted is written as MessagePack.
pub(super) fn encode(
    codec: Option<ValueCodec>,
    value: &Erased,
    wanted: Codec,
) -> Option<StoredValue> {
    let codec = codec?;
    let written = |stored_as: Codec| {
        let bytes = bytes(codec, value, stored_as.format()?)?;
        Some(StoredValue::new(stored_as, codec.type_name(), bytes))
    };
    written(wanted).or_else(|| written(Codec::MessagePack).filter(|_| wanted != Codec::MessagePack))
}

/// A stored value, if it is one of this type and whole.
pub(super) fn decode(codec: Option<ValueCodec>, value: &StoredValue) -> Option<Erased> {
    let codec = codec?;
    if value.type_name() != codec.type_name() {
        return None;
    }
    codec.decode(&value.bytes().ok()?, value.codec().format()?).ok()
}
