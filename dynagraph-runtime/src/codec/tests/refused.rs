//! What would be read as something else is not written, and nobody's panic gets out.

use std::collections::BTreeMap;

use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Kept, decoded, encoded, formats};
use crate::codec::{CodecError, Format, ValueCodec};
use crate::value::Erased;

#[track_caller]
fn refused<T: Kept>(value: T, reason: &str) {
    formats().for_each(|format| refused_in(format, value.clone(), reason));
}

#[track_caller]
fn refused_in<T: Kept>(format: Format, value: T, reason: &str) {
    let error = encoded(value, format).unwrap_err();
    assert!(matches!(error, CodecError::Encode { .. }), "{error}");
    assert!(error.to_string().contains(reason), "{error}");
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Newtype(Option<u8>);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Deep {
    Tuple(u8, Option<Newtype>),
    Struct { inner: Option<Newtype> },
    Newtype(Option<Box<Option<()>>>),
}

#[test]
fn a_some_that_holds_nothing() {
    let reason = "a `Some` in it would be read as `None`";
    refused(Some(None::<u8>), reason);
    refused(Some(()), reason);
    refused(vec![Some(Some(1)), Some(None)], reason);
    refused(BTreeMap::from([("a".to_owned(), Some(Some(None::<u8>)))]), reason);
    refused(Some(Newtype(None)), reason);
    refused(Deep::Tuple(1, Some(Newtype(None))), reason);
    refused(Deep::Struct { inner: Some(Newtype(None)) }, reason);
    refused(Deep::Newtype(Some(Box::new(None))), reason);
    if let Some(json) = Format::from_tag("json") {
        refused_in(json, Some(Unit), reason);
    }
    for format in formats() {
        let bytes = encoded(vec![Some(Some(1)), None], format).unwrap();
        assert_eq!(decoded(&bytes, format), Ok(vec![Some(Some(1)), None]));
    }
}

#[cfg(feature = "json")]
#[test]
fn what_json_has_no_word_for() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        refused_in(Format::Json, vec![Some(number)], "json has no word for the number");
    }
    refused_in(Format::Json, f32::NAN, "json has no word for the number NaN");
    refused_in(Format::Json, BTreeMap::from([((1, 2), 3)]), "key must be a string");
    refused_in(Format::Json, BTreeMap::from([(None::<u8>, 3)]), "key must be a string");
}

#[test]
fn a_value_that_is_too_deep() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Nested {
        inner: Vec<Option<Self>>,
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Enums {
        Leaf,
        Struct { inner: Box<Self> },
        Newtype(Box<Self>),
        Tuple(Box<Self>, ()),
    }
    let nested = |depth| {
        (0..depth).fold(Nested { inner: vec![] }, |inner, _| Nested { inner: vec![Some(inner)] })
    };
    let enums = |depth| {
        (0..depth).fold(Enums::Leaf, |inner, _| {
            let inner = Box::new(Enums::Newtype(Box::new(inner)));
            Enums::Tuple(Box::new(Enums::Struct { inner }), ())
        })
    };
    // As little stack as a thread has by default, half of it used.
    let on_a_thread = std::thread::Builder::new().stack_size(1 << 20).spawn(move || {
        for format in formats() {
            let bytes = encoded(nested(62), format).unwrap();
            assert_eq!(decoded(&bytes, format), Ok(nested(62)), "{format}");
            refused_in(format, nested(63), "nested more than 127 deep");
            let bytes = encoded(enums(25), format).unwrap();
            assert_eq!(decoded(&bytes, format), Ok(enums(25)), "{format}");
            refused_in(format, enums(26), "nested more than 127 deep");
        }
    });
    on_a_thread.unwrap().join().unwrap();
}

#[test]
fn a_type_that_borrows_for_ever_is_written_and_not_read() {
    for format in formats() {
        let bytes = encoded("text", format).unwrap();
        assert_eq!(decoded(&bytes, format), Ok("text".to_owned()));
        let error = decoded::<&'static str>(&bytes, format).unwrap_err();
        assert!(matches!(error, CodecError::Decode { .. }), "{error}");
    }
}

/// Does what the number says.
#[derive(Debug, Clone, PartialEq)]
struct Moody(u8);

impl Serialize for Moody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            0 => panic!("I will not"),
            1 => Err(S::Error::custom("not today")),
            2 => std::panic::panic_any(7),
            _ => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Moody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            3 => panic!("not again"),
            number => Ok(Self(number)),
        }
    }
}

#[test]
fn a_panic_is_an_error() {
    let messages = [
        (
            0,
            "the serde implementation of `dynagraph_runtime::codec::tests::refused::Moody` panicked: I will not",
        ),
        (1, "a `dynagraph_runtime::codec::tests::refused::Moody` cannot be encoded: not today"),
        (
            2,
            "the serde implementation of `dynagraph_runtime::codec::tests::refused::Moody` panicked: a value that is no text",
        ),
    ];
    for format in formats() {
        for (mood, message) in messages {
            assert_eq!(encoded(Moody(mood), format).unwrap_err().to_string(), message);
        }
        let bytes = encoded(Moody(3), format).unwrap();
        let error = decoded::<Moody>(&bytes, format).unwrap_err();
        assert!(error.to_string().ends_with("panicked: not again"), "{error}");
        assert_eq!(decoded::<Moody>(&encoded(Moody(4), format).unwrap(), format), Ok(Moody(4)));
    }
}

#[test]
fn what_failed_leaves_no_bytes() {
    let codec = ValueCodec::of::<Vec<Moody>>();
    for format in formats() {
        for mood in 0..=2 {
            let mut bytes = vec![1, 2];
            let value = Erased::new(vec![Moody(9), Moody(mood)]);
            assert!(codec.encode(&value, format, &mut bytes).is_err());
            assert_eq!(bytes, [1, 2]);
        }
    }
}

#[test]
fn a_value_of_another_type_is_an_error() {
    let error =
        ValueCodec::of::<u8>().encode(&Erased::new(1_u16), Format::MessagePack, &mut Vec::new());
    assert!(matches!(error, Err(CodecError::Panicked { .. })));
}
