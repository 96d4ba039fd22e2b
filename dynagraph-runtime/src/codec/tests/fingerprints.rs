//! Fingerprints differ where anything does, and stay what they are.

use std::collections::HashSet;

use proptest::prelude::*;

use crate::codec::{Fingerprint, Format};

fn value(number: u8) -> Fingerprint {
    Fingerprint::of_value("u8", Format::MessagePack, &[number])
}

#[test]
fn a_later_version_knows_what_an_earlier_one_kept() {
    let (one, two) = (value(1), value(2));
    let no_key: [(&str, Fingerprint); 0] = [];
    let prints = [
        one,
        Fingerprint::of_value("", Format::MessagePack, &[]),
        Fingerprint::of_step("clean", None, []),
        Fingerprint::of_step("clean", Some("2"), [one, two]),
        Fingerprint::of_list([]),
        Fingerprint::of_list([one, two]),
        Fingerprint::of_keyed(no_key),
        Fingerprint::of_keyed([("a", one), ("b", two)]),
        Fingerprint::of_value("long", Format::MessagePack, &vec![7; 40_000]),
        Fingerprint::of_list([one, two].repeat(3_000)),
    ];
    let prints: Vec<_> = prints.iter().map(ToString::to_string).collect();
    let known = [
        "e7308c1bc814b271b6661154dfe9d912",
        "2937694a1d241ebd28bc5df72b06c971",
        "c9f14b74ba77080ca326c5a352da92e9",
        "48362fde86eecc644af824ff68c22763",
        "393e96e4c4fe3d90cc1a073f982318f9",
        "91f2a691f705f1bec191c273a388420b",
        "2cfd71704324bb456cb0a433c6ad1de0",
        "ccafe31d7aea6f08c100f2725e97f23f",
        "6852322aebb8ed6299e345daa2150a97",
        "becd7aac3d375d1187a53c08c49596bc",
    ];
    assert_eq!(prints, known);
}

#[test]
fn whatever_differs_shows() {
    let (one, two) = (value(1), value(2));
    let no_key: [(&str, Fingerprint); 0] = [];
    let prints = [
        one,
        two,
        Fingerprint::of_value("i8", Format::MessagePack, &[1]),
        Fingerprint::of_value("u", Format::MessagePack, b"8\x01"),
        #[cfg(feature = "json")]
        Fingerprint::of_value("u8", Format::Json, &[1]),
        Fingerprint::of_step("a", None, []),
        Fingerprint::of_step("b", None, []),
        Fingerprint::of_step("a", Some(""), []),
        Fingerprint::of_step("a", Some("b"), []),
        Fingerprint::of_step("ab", None, []),
        Fingerprint::of_step("a", None, [one]),
        Fingerprint::of_step("a", None, [one, one]),
        Fingerprint::of_step("a", None, [one, two]),
        Fingerprint::of_step("a", None, [two, one]),
        Fingerprint::of_step("a", None, [Fingerprint::of_list([one, two])]),
        Fingerprint::of_list([]),
        Fingerprint::of_list([one]),
        Fingerprint::of_list([one, two]),
        Fingerprint::of_list([two, one]),
        Fingerprint::of_list([Fingerprint::of_list([one, two])]),
        Fingerprint::of_list([Fingerprint::of_list([one]), Fingerprint::of_list([two])]),
        Fingerprint::of_keyed(no_key),
        Fingerprint::of_keyed([("a", one)]),
        Fingerprint::of_keyed([("b", one)]),
        Fingerprint::of_keyed([("a", one), ("b", two)]),
        Fingerprint::of_keyed([("b", two), ("a", one)]),
        Fingerprint::of_keyed([("a", two), ("b", one)]),
    ];
    let distinct: HashSet<_> = prints.iter().collect();
    assert_eq!(distinct.len(), prints.len());
}

#[test]
fn however_many_bytes_are_hashed_at_once_they_hash_to_the_same() {
    for len in [0, 1, 1_023, 1_024, 1_025, 3_000] {
        let list = [value(1), value(2), value(3)].repeat(len);
        let bytes: Vec<u8> = list.iter().flat_map(|print| *print.as_bytes()).collect();
        let hash = blake3::keyed_hash(b"dynagraph fingerprint 1: list   ", &bytes);
        assert_eq!(Fingerprint::of_list(list).as_bytes()[..], hash.as_bytes()[..16]);
    }
}

#[test]
fn a_fingerprint_is_its_bytes() {
    let print = value(1);
    assert_eq!(Fingerprint::from_bytes(*print.as_bytes()), print);
    assert_eq!(Fingerprint::from_bytes([0xab; 16]).to_string(), "ab".repeat(16));
}

type Step = (String, Option<String>, Vec<[u8; 16]>);

fn of_step((op, version, inputs): &Step) -> Fingerprint {
    let inputs = inputs.iter().copied().map(Fingerprint::from_bytes);
    Fingerprint::of_step(op, version.as_deref(), inputs)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn two_values_are_one_if_they_are_the_same(
        a in (".{0,3}", prop::collection::vec(any::<u8>(), 0..4)),
        b in (".{0,3}", prop::collection::vec(any::<u8>(), 0..4)),
    ) {
        let print = |(name, bytes): &(String, Vec<u8>)| Fingerprint::of_value(name, Format::MessagePack, bytes);
        prop_assert_eq!(a == b, print(&a) == print(&b));
    }

    #[test]
    fn two_steps_are_one_if_they_are_the_same(a: Step, b: Step) {
        prop_assert_eq!(a == b, of_step(&a) == of_step(&b));
        prop_assert_eq!(of_step(&a), of_step(&a.clone()));
    }

    #[test]
    fn the_order_of_inputs_matters(step: Step, swap in any::<(prop::sample::Index, prop::sample::Index)>()) {
        let mut other = step.clone();
        if !other.2.is_empty() {
            let (a, b) = (swap.0.index(other.2.len()), swap.1.index(other.2.len()));
            other.2.swap(a, b);
        }
        prop_assert_eq!(step == other, of_step(&step) == of_step(&other));
    }

    #[test]
    fn two_lists_are_one_if_they_are_the_same(a: Vec<(String, [u8; 16])>, b: Vec<(String, [u8; 16])>) {
        let keyed = |entries: &[(String, [u8; 16])]| {
            Fingerprint::of_keyed(entries.iter().map(|(key, print)| (key, Fingerprint::from_bytes(*print))))
        };
        prop_assert_eq!(a == b, keyed(&a) == keyed(&b));
        let list = |entries: &[(String, [u8; 16])]| {
            Fingerprint::of_list(entries.iter().map(|(_, print)| Fingerprint::from_bytes(*print)))
        };
        let same = a.iter().map(|(_, print)| print).eq(b.iter().map(|(_, print)| print));
        prop_assert_eq!(same, list(&a) == list(&b));
    }
}
