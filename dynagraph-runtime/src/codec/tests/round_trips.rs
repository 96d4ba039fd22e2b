//! What is kept as it is.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fmt::Debug;
use std::net::IpAddr;
use std::num::NonZeroU8;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::{Kept, decoded, encoded, formats};
use crate::codec::Format;

#[track_caller]
fn kept<T: Kept + PartialEq>(value: T) {
    for format in formats() {
        kept_in(format, value.clone());
    }
}

#[track_caller]
fn kept_in<T: Kept + PartialEq>(format: Format, value: T) {
    let bytes = encoded(value.clone(), format).unwrap();
    assert_eq!(decoded::<T>(&bytes, format), Ok(value), "{format}: {bytes:?}");
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Fields {
    id: u64,
    text: String,
    inner: Option<Box<Self>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Empty {}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Tuple(u8, String);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Newtype(Option<u8>);

macro_rules! shapes {
    ($($(#[$attribute:meta])* $name:ident),*) => {$(
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        $(#[$attribute])*
        enum $name {
            Nothing,
            Point { x: f64, y: Option<i64> },
            Named(Fields),
        }

        impl $name {
            fn all() -> Vec<Self> {
                let fields = Fields { id: 1, text: String::new(), inner: None };
                vec![Self::Nothing, Self::Point { x: -0.5, y: None }, Self::Named(fields)]
            }
        }
    )*};
}

shapes! {
    External,
    #[serde(tag = "kind")]
    Internal,
    #[serde(tag = "kind", content = "of")]
    Adjacent,
    #[serde(untagged)]
    Untagged
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Flat<T> {
    id: u8,
    #[serde(flatten)]
    rest: T,
}

#[test]
fn numbers_and_text() {
    kept((u8::MAX, u16::MAX, u32::MAX, u64::MAX, usize::MAX, u128::MAX));
    kept((i8::MIN, i16::MIN, i32::MIN, i64::MIN, isize::MIN, i128::MIN));
    kept((0.1_f32, f32::MAX, f32::MIN_POSITIVE, 0.1_f64 + 0.2, f64::MAX, f64::EPSILON));
    kept((true, 'a', '\u{10ffff}', '\0', String::new(), "日本\n\"\\".to_owned()));
    kept(((), [(), ()], NonZeroU8::MAX));
}

#[test]
fn numbers_to_the_last_bit() {
    for format in formats() {
        let zero: f64 = decoded(&encoded(-0.0_f64, format).unwrap(), format).unwrap();
        assert!(zero.is_sign_negative());
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..10_000 {
            let value = f64::from_bits(random.u64(..));
            if value.is_finite() {
                let read: f64 = decoded(&encoded(value, format).unwrap(), format).unwrap();
                assert_eq!(read.to_bits(), value.to_bits());
            }
        }
    }
}

#[test]
fn numbers_that_are_none() {
    let values = vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    let bytes = encoded((values, Some(f32::NAN)), Format::MessagePack).unwrap();
    let (read, small): (Vec<f64>, Option<f32>) = decoded(&bytes, Format::MessagePack).unwrap();
    assert!(read[0].is_nan() && small.is_some_and(f32::is_nan));
    assert_eq!(read[1..], [f64::INFINITY, f64::NEG_INFINITY]);
}

#[test]
fn structs_of_every_shape() {
    let inner = Fields { id: 1, text: "inner".to_owned(), inner: None };
    kept(Fields { id: u64::MAX, text: "outer".to_owned(), inner: Some(Box::new(inner)) });
    kept((Empty {}, Unit, Tuple(1, "a".to_owned()), Newtype(None), Newtype(Some(2))));
    kept((Some(Empty {}), None::<Unit>));
    kept_in(Format::MessagePack, Some(Unit));
}

#[test]
fn enums_of_every_representation() {
    kept((External::all(), Internal::all(), Adjacent::all(), Untagged::all()));
    kept(External::all().into_iter().map(Some).collect::<Vec<_>>());
    kept(vec![Ok(1), Err("no".to_owned())]);
    for rest in Internal::all() {
        // A struct in it has an `id` too.
        if !matches!(rest, Internal::Named(_)) {
            kept(Flat { id: 3, rest });
        }
    }
    kept(Flat { id: 3, rest: HashMap::from([("a".to_owned(), 1)]) });
}

#[test]
fn collections() {
    kept((vec![1, 2], VecDeque::from([3]), HashSet::from([4, 5]), Box::<[u8]>::from([6]), [7; 3]));
    kept(HashMap::from([(1, "a".to_owned()), (-2, "b".to_owned())]));
    kept(BTreeMap::from([("a".to_owned(), vec![Some(1), None]), (String::new(), vec![])]));
    kept(HashMap::from([('a', true)]));
    kept((vec![0_u8; 70_000], "x".repeat(70_000)));
    kept_in(
        Format::MessagePack,
        BTreeMap::from([((1, "a".to_owned()), 2), ((3, String::new()), 4)]),
    );
    kept_in(Format::MessagePack, BTreeMap::from([(Some(1), 2), (None, 4)]));
    kept_in(Format::MessagePack, BTreeMap::from([(vec![1, 2], 3)]));
}

#[test]
fn what_the_standard_library_has() {
    let epoch = SystemTime::UNIX_EPOCH;
    kept((
        Duration::MAX,
        Duration::from_nanos(1),
        epoch + Duration::new(1_700_000_000, 123_456_789),
    ));
    kept((PathBuf::from("a/b"), "::1".parse::<IpAddr>().unwrap(), 1..5, Some(Box::new(3))));
}

#[test]
fn bytes_are_small_with_serde_bytes() {
    let bytes = vec![200_u8; 1_000_000];
    kept(ByteBuf::from(bytes.clone()));
    let list = encoded(bytes.clone(), Format::MessagePack).unwrap();
    let packed = encoded(ByteBuf::from(bytes), Format::MessagePack).unwrap();
    assert_eq!((list.len(), packed.len()), (2_000_005, 1_000_005));
}

#[test]
fn what_is_shared_is_read_apart() {
    // Serde's `rc` is a feature that users switch on; ours does not.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Shared(#[serde(with = "shared")] Arc<String>);

    mod shared {
        use super::*;

        pub(super) fn serialize<S: serde::Serializer>(
            value: &Arc<String>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            value.as_str().serialize(serializer)
        }

        pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Arc<String>, D::Error> {
            String::deserialize(deserializer).map(Arc::new)
        }
    }
    kept(Shared(Arc::new("a".to_owned())));
}
