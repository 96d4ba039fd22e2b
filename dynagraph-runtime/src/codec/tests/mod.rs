//! What is read equals what was written, or there is an error.

mod damage;
mod fingerprints;
mod refused;
mod round_trips;
mod schemas;
mod words;

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use super::{CodecError, Format, ValueCodec};
use crate::value::{Erased, Value};

/// A type that can be kept.
trait Kept: Value + Serialize + Deserialize<'static> + Debug {}

impl<T: Value + Serialize + Deserialize<'static> + Debug> Kept for T {}

fn formats() -> impl Iterator<Item = Format> {
    ["msgpack", "json"].into_iter().filter_map(Format::from_tag)
}

fn encoded<T: Kept>(value: T, format: Format) -> Result<Vec<u8>, CodecError> {
    let mut bytes = Vec::new();
    ValueCodec::of::<T>().encode(&Erased::new(value), format, &mut bytes)?;
    Ok(bytes)
}

fn decoded<T: Kept>(bytes: &[u8], format: Format) -> Result<T, CodecError> {
    ValueCodec::of::<T>().decode(bytes, format).map(Erased::take)
}

/// Reads as one type what was written as another.
fn read_as<A: Kept, B: Kept>(value: A, format: Format) -> Result<B, CodecError> {
    decoded(&encoded(value, format).unwrap(), format)
}

#[test]
fn a_tag_names_one_format() {
    for format in formats() {
        assert_eq!(Format::from_tag(format.tag()), Some(format));
        assert_eq!(format.to_string(), format.tag());
    }
    assert_eq!(Format::default().tag(), "msgpack");
    assert_eq!(Format::from_tag("MSGPACK"), None);
}

#[test]
fn a_codec_is_its_types() {
    assert_eq!(ValueCodec::of::<u8>(), ValueCodec::of::<u8>());
    assert_ne!(ValueCodec::of::<u8>(), ValueCodec::of::<i8>());
    assert_eq!(format!("{:?}", ValueCodec::of::<u8>()), "ValueCodec(u8)");
}

#[test]
fn values_are_added_to_what_is_there() {
    let mut bytes = vec![7];
    let codec = ValueCodec::of::<u8>();
    codec.encode(&Erased::new(1_u8), Format::MessagePack, &mut bytes).unwrap();
    codec.encode(&Erased::new(2_u8), Format::MessagePack, &mut bytes).unwrap();
    assert_eq!(bytes, [7, 1, 2]);
}
