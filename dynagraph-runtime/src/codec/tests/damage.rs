//! Bytes that nobody wrote are an error or a value: never a panic, and never more memory than they stand for.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::{Kept, decoded, encoded, formats};
use crate::codec::CodecError;
use crate::{Keyed, Partial};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Anything {
    Nothing,
    Number(f64),
    Text(String),
    Bytes(ByteBuf),
    List(Vec<Self>),
    Map { entries: BTreeMap<String, Self>, wide: Option<u128> },
    Pair(char, Duration),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Loose {
    Number(i64),
    Text(String),
    Bytes(ByteBuf),
    List(Vec<Self>),
    Map(HashMap<String, Self>),
}

fn reads_or_refuses<T: Kept>(bytes: &[u8]) {
    for format in formats() {
        let read = decoded::<T>(bytes, format);
        assert!(!matches!(read, Err(CodecError::Panicked { .. })), "{read:?}");
    }
}

fn as_anything(bytes: &[u8]) {
    reads_or_refuses::<Anything>(bytes);
    reads_or_refuses::<Loose>(bytes);
    reads_or_refuses::<Vec<()>>(bytes);
    reads_or_refuses::<Vec<[u64; 16]>>(bytes);
    reads_or_refuses::<String>(bytes);
    reads_or_refuses::<ByteBuf>(bytes);
    reads_or_refuses::<HashMap<u64, Vec<u8>>>(bytes);
    reads_or_refuses::<Keyed<Option<bool>>>(bytes);
    reads_or_refuses::<Partial<f32>>(bytes);
    reads_or_refuses::<(SystemTime, Duration)>(bytes);
}

fn anything() -> impl Strategy<Value = Anything> {
    let leaf = prop_oneof![
        Just(Anything::Nothing),
        (-1e300..1e300).prop_map(Anything::Number),
        ".{0,20}".prop_map(Anything::Text),
        prop::collection::vec(any::<u8>(), 0..20)
            .prop_map(|bytes| Anything::Bytes(ByteBuf::from(bytes))),
        (any::<char>(), any::<u32>())
            .prop_map(|(c, secs)| Anything::Pair(c, Duration::new(secs.into(), secs / 5))),
    ];
    leaf.prop_recursive(4, 30, 4, |inner| {
        let entries = prop::collection::btree_map(".{0,4}", inner.clone(), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Anything::List),
            (entries, any::<Option<u128>>())
                .prop_map(|(entries, wide)| Anything::Map { entries, wide }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        as_anything(&bytes);
    }

    #[test]
    fn what_was_written_and_then_damaged(
        value in anything(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        for format in formats() {
            let bytes = encoded(value.clone(), format).unwrap();
            prop_assert_eq!(decoded::<Anything>(&bytes, format), Ok(value.clone()));
            let mut damaged = bytes.clone();
            for (at, flip) in &flips {
                let at = at.index(damaged.len());
                damaged[at] ^= flip;
            }
            as_anything(&damaged);
            damaged.truncate(cut.index(bytes.len()));
            as_anything(&damaged);
        }
    }
}

#[test]
fn a_length_that_nothing_follows_is_no_reason_to_take_memory() {
    // Text, bytes, a list, a map and an extension of 4 GiB each.
    for marker in [0xdb, 0xc6, 0xdd, 0xdf, 0xc9] {
        as_anything(&[marker, 0xff, 0xff, 0xff, 0xff]);
        as_anything(&[0x91, marker, 0xff, 0xff, 0xff, 0xff, 1]);
    }
}

#[test]
fn depth_that_nothing_ends_is_refused() {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(|| {
        for (open, times) in [(0x91, 100_000), (0x81, 100_000), (b'[', 100_000)] {
            as_anything(&vec![open; times]);
        }
        as_anything(&br#"{"List":["#.repeat(50_000));
        as_anything(&b"\x81\xa4List\x91".repeat(50_000));
    });
    thread.unwrap().join().unwrap();
}
