//! Types change, and what was written before is read right or not at all.

use serde::{Deserialize, Serialize};

use super::{Kept, encoded, formats, read_as};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Before {
    id: u32,
    name: String,
    size: u64,
}

fn before() -> Before {
    Before { id: 1, name: "a".to_owned(), size: 3 }
}

#[track_caller]
fn reads<T: Kept + PartialEq>(expected: T) {
    for format in formats() {
        assert_eq!(read_as::<_, T>(before(), format).as_ref(), Ok(&expected), "{format}");
    }
}

#[track_caller]
fn refuses<T: Kept + PartialEq>() {
    for format in formats() {
        let read = read_as::<_, T>(before(), format);
        assert!(read.is_err(), "{format}: {read:?}");
    }
}

macro_rules! after {
    ($name:ident { $($(#[$attribute:meta])* $field:ident: $ty:ty),* }) => {
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        struct $name { $($(#[$attribute])* $field: $ty),* }
    };
}

#[test]
fn fields_may_move() {
    after!(Moved { size: u64, id: u32, name: String });
    reads(Moved { size: 3, id: 1, name: "a".to_owned() });
}

#[test]
fn a_field_may_go() {
    after!(Removed { id: u32, size: u64 });
    reads(Removed { id: 1, size: 3 });
}

#[test]
fn a_field_may_come_with_a_default() {
    after!(Added { id: u32, more: Option<u8>, #[serde(default)] count: u8, name: String });
    reads(Added { id: 1, more: None, count: 0, name: "a".to_owned() });
    after!(Required { id: u32, name: String, size: u64, count: u8 });
    refuses::<Required>();
}

#[test]
fn a_field_may_be_renamed_with_an_alias() {
    after!(Renamed {
        id: u32,
        #[serde(alias = "name")]
        title: String,
        size: u64
    });
    reads(Renamed { id: 1, title: "a".to_owned(), size: 3 });
    after!(Forgotten { id: u32, title: String, size: u64 });
    refuses::<Forgotten>();
}

#[test]
fn a_field_of_another_type_is_refused_unless_it_holds_the_value() {
    after!(Wider { id: u64, name: String, size: u128 });
    reads(Wider { id: 1, name: "a".to_owned(), size: 3 });
    after!(Narrower { id: u8, name: String, size: i8 });
    reads(Narrower { id: 1, name: "a".to_owned(), size: 3 });
    after!(Text { id: String, name: String, size: u64 });
    refuses::<Text>();
    after!(Strict {
        id: u32,
        #[serde(skip)]
        name: String,
        size: std::num::NonZeroI8
    });
    reads(Strict { id: 1, name: String::new(), size: std::num::NonZeroI8::new(3).unwrap() });
    for format in formats() {
        assert!(read_as::<_, u8>(300_u16, format).is_err());
        assert!(read_as::<_, u64>(-1_i64, format).is_err());
        assert!(read_as::<_, u64>(u128::MAX, format).is_err());
    }
}

#[test]
fn a_variant_may_come_and_none_is_mistaken_for_another() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Old {
        A,
        B(u8),
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum New {
        #[serde(alias = "B")]
        Bee(u8),
        C,
        A,
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Less {
        B(u8),
    }
    for format in formats() {
        assert_eq!(
            read_as::<_, Vec<New>>(vec![Old::A, Old::B(1)], format),
            Ok(vec![New::A, New::Bee(1)])
        );
        assert!(read_as::<_, Less>(Old::A, format).is_err());
        assert_eq!(read_as::<_, Less>(Old::B(2), format), Ok(Less::B(2)));
    }
}

#[test]
fn all_bytes_are_read() {
    for format in formats() {
        let mut bytes = encoded(before(), format).unwrap();
        bytes.push(b'1');
        assert!(super::decoded::<Before>(&bytes, format).is_err());
        let empty = super::decoded::<Option<u8>>(&[], format);
        assert!(empty.is_err(), "{empty:?}");
    }
}
