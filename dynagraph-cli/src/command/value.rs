//! Stored values without their types, as JSON.

use std::fmt;

use dynagraph_runtime::store::{Codec, StoredValue};
use serde::de::{Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// What a value is made of.
///
/// Bytes are hexadecimal text, numbers that are not finite are their names, and a key of a map is text. Maps keep their
/// order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Leaf(Value),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

/// How deep values are nested at most: a little more than can be stored.
const DEEPEST: usize = 130;

impl Tree {
    /// What a stored value is made of. Blocks for a large one.
    pub(super) fn of(value: &StoredValue) -> Result<Self, String> {
        let bytes = value.bytes().map_err(|error| error.to_string())?;
        match value.codec() {
            Codec::MessagePack => {
                let mut deserializer = rmp_serde::Deserializer::from_read_ref(&*bytes);
                deserializer.set_max_depth(DEEPEST);
                Self::deserialize(&mut deserializer).map_err(|error| error.to_string())
            }
            Codec::Json => serde_json::from_slice(&bytes).map_err(|error| error.to_string()),
            _ => Err("it is of a codec that this version does not know".to_owned()),
        }
    }

    fn text(text: impl Into<String>) -> Self {
        Self::Leaf(Value::String(text.into()))
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        Self::text(
            digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect::<String>(),
        )
    }

    /// As the key of a map: text as it is, anything else as JSON.
    fn into_key(self) -> String {
        match self {
            Self::Leaf(Value::String(text)) => text,
            other => other.to_string(),
        }
    }
}

/// As JSON, on one line.
impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Leaf(value) => value.serialize(serializer),
            Self::List(parts) => serializer.collect_seq(parts),
            Self::Map(entries) => serializer.collect_map(entries.iter().map(|(key, at)| (key, at))),
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_f32<E: Error>(self, value: f32) -> Result<Tree, E> {
        // By its own digits: as an `f64`, 0.1 would have many more.
        let exact = value.to_string().parse().unwrap_or_else(|_| f64::from(value));
        self.visit_f64(exact)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        let number = serde_json::Number::from_f64(value).map(|number| Tree::Leaf(number.into()));
        Ok(number.unwrap_or_else(|| Tree::text(value.to_string())))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::text(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::text(value))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Tree, E> {
        Ok(Tree::of_bytes(value))
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Null))
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, inside: D) -> Result<Tree, D::Error> {
        Tree::deserialize(inside)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inside: D) -> Result<Tree, D::Error> {
        Tree::deserialize(inside)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Tree, A::Error> {
        let (variant, content): (Tree, _) = data.variant()?;
        Ok(Tree::Map(vec![(variant.into_key(), content.newtype_variant()?)]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(part) = parts.next_element()? {
            list.push(part);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some((key, value)) = entries.next_entry::<Tree, Tree>()? {
            map.push((key.into_key(), value));
        }
        Ok(Tree::Map(map))
    }
}

/// So many characters of a value are shown where not all of it is asked for.
const SHOWN: usize = 200;

/// The text, or its beginning and how much more there is.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((at, _)) => {
            let more = text[at..].chars().count();
            format!("{}… ({more} more characters, shown by --json)", &text[..at])
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Serialize)]
    enum Shape {
        Dot,
        Circle(f32),
        Box { sides: (u8, i64) },
    }

    #[derive(Serialize)]
    struct All {
        z: Vec<Shape>,
        bytes: serde_bytes::ByteBuf,
        numbers: [f64; 4],
        by_pair: BTreeMap<(u8, bool), Option<char>>,
        by_number: BTreeMap<u64, bool>,
        huge: u128,
    }

    fn all() -> All {
        All {
            z: vec![Shape::Dot, Shape::Circle(0.1), Shape::Box { sides: (1, -2) }],
            bytes: serde_bytes::ByteBuf::from(vec![0, 255, 16]),
            numbers: [f64::NAN, f64::INFINITY, -0.5, f64::NEG_INFINITY],
            by_pair: [((1, true), Some('x')), ((2, false), None)].into(),
            by_number: [(u64::MAX, true)].into(),
            huge: 1,
        }
    }

    fn stored(codec: Codec, bytes: &[u8]) -> StoredValue {
        StoredValue::new(codec, "All", bytes.to_vec())
    }

    #[test]
    fn any_value_in_messagepack_is_shown_as_json() {
        let bytes = rmp_serde::to_vec_named(&all()).unwrap();
        let tree = Tree::of(&stored(Codec::MessagePack, &bytes)).unwrap();
        assert_eq!(
            tree.to_string(),
            r#"{"z":["Dot",{"Circle":0.1},{"Box":{"sides":[1,-2]}}],"bytes":"00ff10","#.to_owned()
                + r#""numbers":["NaN","inf",-0.5,"-inf"],"#
                + r#""by_pair":{"[1,true]":"x","[2,false]":null},"#
                + r#""by_number":{"18446744073709551615":true},"#
                + r#""huge":"00000000000000000000000000000001"}"#
        );
    }

    #[test]
    fn a_value_in_json_is_shown_in_its_own_order() {
        let text = r#"{"b":[1,2.5,null],"a":{"c":true}}"#;
        let tree = Tree::of(&stored(Codec::Json, text.as_bytes())).unwrap();
        assert_eq!(tree.to_string(), text);
    }

    /// An extension, a value that ends too soon, a deep one, and one that no format writes.
    #[test]
    fn bytes_that_are_no_value_are_an_error_and_no_panic() {
        let show = |bytes: &[u8]| Tree::of(&stored(Codec::MessagePack, bytes));
        assert_eq!(show(&[0xd4, 1, 2]).unwrap().to_string(), r#"[1,"02"]"#);
        for bytes in [&[][..], &[0x93, 1], &[0xc1], &[0x91; 5_000], &[0xdd, 255, 255, 255, 255]] {
            assert!(show(bytes).is_err());
        }
        for first in 0..=u8::MAX {
            drop(show(&[first, 0, 1, 2, 3, 4, 5, 6, 7, 8]));
        }
        assert!(Tree::of(&stored(Codec::Json, b"{")).is_err());
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        let cut = cut(&"é".repeat(SHOWN + 7));
        assert!(cut.ends_with("é… (7 more characters, shown by --json)"), "{cut}");
    }
}
