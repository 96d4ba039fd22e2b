//! Values that are stored as JSON.

use dynagraph::prelude::*;
use dynagraph::store::{Codec, MemoryStore, RunStore};

use crate::support::echo;

#[op]
fn half(x: u64) -> f64 {
    if x == 0 { f64::NAN } else { 0.5 }
}

#[op]
fn words() -> Vec<String> {
    vec!["a".to_owned()]
}

#[job]
fn mixed() -> (OutputHandle<f64>, OutputHandle<f64>, OutputHandle<Vec<String>>) {
    (half(echo(0)), half(echo(1)), words())
}

#[tokio::test]
async fn values_are_stored_as_json_where_json_has_a_word_for_them() {
    let store = MemoryStore::new();
    let first = mixed().run().store(store.clone()).store_as_json().report().await;
    let stored = store.read(first.id()).unwrap();
    let of = |node: &str| {
        let step = stored.steps().find(|step| step.key.node() == node).unwrap();
        let value = step.value(0).unwrap();
        (value.codec(), String::from_utf8_lossy(&value.bytes().unwrap()).into_owned())
    };
    assert_eq!(of("half").0, Codec::MessagePack);
    assert_eq!(of("half_2"), (Codec::Json, "0.5".to_owned()));
    assert_eq!(of("words"), (Codec::Json, r#"["a"]"#.to_owned()));

    for as_json in [true, false] {
        let run = mixed().run().store(store.clone()).resume_last();
        let run = if as_json { run.store_as_json() } else { run };
        let again = run.report().await;
        assert!(
            matches!(again.output(), Some((nan, 0.5, words)) if nan.is_nan() && words == &["a"])
        );
        assert_eq!(again.resumed().unwrap().reused(), 5);
    }
}
