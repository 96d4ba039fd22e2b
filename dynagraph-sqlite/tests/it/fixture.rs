//! A database of each schema, which every later version reads.
//!
//! That of the latest schema is made by the test that is ignored: `cargo test -p dynagraph-sqlite -- --ignored`.

use std::fs;
use std::path::{Path, PathBuf};

use dynagraph_runtime::store::{InputPrint, Record, RunState, RunStore, StepEnded};
use dynagraph_runtime::{KeyPath, RunStatus, StepStatus};
use dynagraph_sqlite::{SqliteOptions, SqliteStore};

use crate::support::{
    emitted, ended, fingerprint, flush, folder, listed, loaded, path, run, up_for_retry, value_of,
};

const ID: &str = "0123456789abcdef0123456789abcdef";

fn fixture(schema: u32) -> PathBuf {
    let name =
        if schema == 1 { "tests/fixture".to_owned() } else { format!("tests/fixture-{schema}") };
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
#[ignore = "makes the fixture anew, which is only right while no version is published"]
fn make_the_fixture() {
    let (folder, path) = folder();
    let mut info = run();
    info.id = ID.parse().unwrap();
    info.nodes[1].inputs = vec!["file".into()];
    let store = SqliteOptions::new().inline_limit(32).open(&path).unwrap();
    let log = store.begin(&info).unwrap();
    log.append_all(&mut vec![emitted("a", 0, b"A"), emitted("b/c", 1, b"B"), listed(2)]);
    log.append(up_for_retry(&["a"]));
    let Record::StepEnded(mut one) = loaded(&["a"], "one", 1) else { unreachable!() };
    one.inputs = vec![Some(InputPrint::from_bytes([7; 8]))];
    log.append(Record::StepEnded(one));
    log.append(loaded(&["b/c"], "a value that is long enough to be a file", 2));
    flush(&*log).unwrap();
    drop(log);
    let log = store.resume(&info).unwrap();
    let mut failed = StepEnded::new(1, KeyPath::from_exact("a?b/7").unwrap(), StepStatus::Failure);
    failed.error = Some("no such file".to_owned());
    log.append(Record::StepEnded(failed));
    log.append(ended(RunStatus::Failure, Some("1 step failed")));
    flush(&*log).unwrap();
    drop((log, store));
    let _cleared = fs::remove_dir_all(fixture(2));
    copy(folder.path(), &fixture(2));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn a_database_of_the_first_schema_is_read() {
    reads(&fixture(1), &[]);
}

#[test]
fn a_database_of_the_second_schema_is_read() {
    reads(&fixture(2), &[Some(InputPrint::from_bytes([7; 8]))]);
}

/// `inputs` is what the database has of a step's inputs.
fn reads(fixture: &Path, inputs: &[Option<InputPrint>]) {
    let (folder, place) = folder();
    copy(fixture, folder.path());
    let store = SqliteStore::open(place).unwrap();
    let stored = store.read(ID.parse().unwrap()).unwrap();
    let error = Some("1 step failed".to_owned());
    assert_eq!(stored.summary().state, RunState::ended(RunStatus::Failure, error));
    assert_eq!(stored.summary().arguments, run().arguments);
    assert_eq!((stored.steps().len(), stored.missing(), stored.damaged()), (4, 0, 0));
    let list = stored.step("list", &KeyPath::root()).unwrap();
    assert_eq!(list.emitted(0).unwrap()[1].key, "b/c");
    assert_eq!(value_of(&stored, &["a"]).unwrap(), b"one");
    assert_eq!(stored.step("load", &path(&["a"])).unwrap().retries.len(), 1);
    assert_eq!(stored.step("load", &path(&["a"])).unwrap().inputs, inputs);
    let large = value_of(&stored, &["b/c"]).unwrap();
    assert_eq!(large, b"a value that is long enough to be a file");
    let failed = stored.step("load", &KeyPath::from_exact("a?b/7").unwrap()).unwrap();
    assert_eq!(failed.error.as_deref(), Some("no such file"));
    let found = store.find_step(fingerprint(2)).unwrap().unwrap();
    assert_eq!(found.key.to_string(), "load[b%2Fc]");
    let log = store.resume(&{
        let mut info = run();
        info.id = ID.parse().unwrap();
        info
    });
    flush(&*log.unwrap()).unwrap();
}
