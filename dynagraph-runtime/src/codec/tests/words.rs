//! The words of this crate, as values.

use std::sync::Arc;
use std::time::Duration;

use super::{decoded, encoded, formats, read_as};
use crate::codec::Format;
use crate::error::{OpError, StepError};
use crate::key::{KeyPath, MappingKey, StepKey};
use crate::{EmitError, FailedKey, Keyed, Partial};

#[test]
fn a_mapping_key_is_its_text() {
    let path = MappingKey::join(&"a/b".into(), &7.into());
    for key in [7.into(), "".into(), "日本".into(), "x".repeat(40).into(), u128::MAX.into(), path]
    {
        for format in formats() {
            assert_eq!(read_as::<MappingKey, MappingKey>(key.clone(), format), Ok(key.clone()));
            assert_eq!(read_as::<MappingKey, String>(key.clone(), format), Ok(key.to_string()));
        }
    }
}

#[test]
fn keyed_values_are_a_map_in_order() {
    let keyed: Keyed<u8> = [("b", 1), ("a", 2), ("7", 3)].into_iter().collect();
    for format in formats() {
        assert_eq!(read_as::<_, Keyed<u8>>(keyed.clone(), format), Ok(keyed.clone()));
        assert!(read_as::<_, Keyed<String>>(keyed.clone(), format).is_err());
        let none = Keyed::<u8>::default();
        assert_eq!(read_as::<_, Keyed<u8>>(none.clone(), format), Ok(none));
    }
    if let Some(json) = Format::from_tag("json") {
        assert_eq!(encoded(keyed, json).unwrap(), br#"{"b":1,"a":2,"7":3}"#);
    }
}

fn failed(error: StepError) -> FailedKey {
    let path = KeyPath::root().child("eu/west".into(), 4).child(7.into(), 2);
    let step = StepKey::new("fetch".into(), path);
    FailedKey { key: "k".into(), step, error: Arc::new(error), attempts: 3 }
}

#[test]
fn failed_keys_are_read_as_they_print() {
    let emit = EmitError::DuplicateKey { output: "out", key: "k".into() };
    let cause = "x".parse::<u8>().unwrap_err();
    let errors = [
        StepError::Op(OpError::new(cause)),
        StepError::Emit(emit),
        StepError::Panicked("oh".to_owned()),
        StepError::TimedOut { after: Duration::from_millis(3), idle: true, still_running: true },
        StepError::Unmatched { key: "a".to_owned(), left: false },
    ];
    let failed: Vec<_> = errors.into_iter().map(failed).collect();
    let partial = Partial { values: [("a", 1)].into_iter().collect(), failed };
    for format in formats() {
        let bytes = encoded(partial.clone(), format).unwrap();
        let read: Partial<u8> = decoded(&bytes, format).unwrap();
        assert_eq!(read.values, partial.values);
        let printed = |partial: &Partial<u8>| -> Vec<_> {
            partial.failed.iter().map(ToString::to_string).collect()
        };
        assert_eq!(printed(&read), printed(&partial));
        for (read, failed) in read.failed.iter().zip(&partial.failed) {
            assert_eq!((&read.key, &read.step, read.attempts), (&failed.key, &failed.step, 3));
        }
        assert!(matches!(*read.failed[3].error, StepError::TimedOut { idle: true, .. }));
        assert_eq!(encoded(read, format).unwrap(), bytes);
    }
}

#[test]
fn the_fields_of_what_failed_keep_their_names() {
    let Some(json) = Format::from_tag("json") else { return };
    let after = Duration::from_millis(3_500);
    let error = StepError::TimedOut { after, idle: false, still_running: true };
    let failed = vec![failed(StepError::Panicked("oh".to_owned())), failed(error)];
    let partial = Partial { values: [("a", 1)].into_iter().collect(), failed };
    let text = String::from_utf8(encoded(partial, json).unwrap()).unwrap();
    let step = r#""key":"k","node":"fetch","path":["eu/west","7"]"#;
    let panicked = r#"{"panicked":"oh"}"#;
    let after = r#"{"secs":3,"nanos":500000000}"#;
    let timed_out =
        format!(r#"{{"timed_out":{{"after":{after},"idle":false,"still_running":true}}}}"#);
    let [first, second] =
        [panicked, &timed_out].map(|error| format!(r#"{{{step},"error":{error},"attempts":3}}"#));
    assert_eq!(text, format!(r#"{{"values":{{"a":1}},"failed":[{first},{second}]}}"#));
}
