//! Who may go on with a run.

use std::path::Path;
use std::time::Duration;

use dynagraph_runtime::store::{RunState, RunStore, StoreError};
use dynagraph_sqlite::{SqliteOptions, SqliteStore};
use rusqlite::Connection;

use crate::support::{flush, folder, loaded, run, value_of};

/// Has the run's owner be as it says, after so many seconds of silence.
fn owned(path: &Path, owner: &str, silent: i64) {
    let conn = Connection::open(path).unwrap();
    let sql = "UPDATE run SET owner = ?1, beat = (unixepoch('subsec') - ?2) * 1000000";
    let beat = "UPDATE run SET beat = CAST(beat AS INTEGER)";
    conn.execute(sql, (owner, silent)).unwrap();
    conn.execute(beat, []).unwrap();
}

#[test]
fn two_stores_of_one_file_respect_each_other() {
    let (_folder, path) = folder();
    let (first, second) = (SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap());
    let info = run();
    let log = first.begin(&info).unwrap();
    log.append(loaded(&["a"], "value", 1));
    flush(&*log).unwrap();
    let error = second.resume(&info).unwrap_err();
    let (run, process) = (info.id, std::process::id());
    assert_eq!(
        error.to_string(),
        format!(
            "the run {run} belongs to a live process (process {process}): cancel it there, or wait \
             for its end"
        )
    );
    assert_eq!(second.read(info.id).unwrap().steps().len(), 1);
    second.ask_cancel(info.id).unwrap();
    futures::executor::block_on(log.cancel_asked());
    drop((log, first));
    let log = second.resume(&info).unwrap();
    log.append(loaded(&["b"], "value", 2));
    flush(&*log).unwrap();
    assert_eq!(second.read(info.id).unwrap().steps().len(), 2);
}

/// As on a disk without room.
#[test]
fn a_run_is_gone_on_with_in_its_process_although_that_could_not_say_that_it_gave_it_up() {
    let (_folder, path) = folder();
    let info = run();
    let other = Connection::open(&path).unwrap();
    let store = SqliteOptions::new().patience(Duration::from_millis(1)).open(&path).unwrap();
    let log = store.begin(&info).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    drop((log, store));
    other.execute_batch("ROLLBACK").unwrap();
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.runs().unwrap()[0].state, RunState::Interrupted);
    drop(store.resume(&info).unwrap());
}

#[test]
fn a_run_whose_owner_is_silent_or_dead_is_taken_over() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    let info = run();
    drop(store.begin(&info).unwrap());
    store.runs().unwrap();
    owned(&path, "1 1 elsewhere 0", 1);
    assert!(matches!(store.resume(&info), Err(StoreError::Owned { .. })));
    assert!(matches!(store.runs().unwrap()[0].state, RunState::Live { .. }));
    owned(&path, "1 1 elsewhere 0", 31);
    assert_eq!(store.runs().unwrap()[0].state, RunState::Interrupted);
    drop(store.resume(&info).unwrap());
}

#[test]
fn an_owner_that_was_taken_over_writes_nothing_more() {
    let (_folder, path) = folder();
    let (first, second) = (SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap());
    let info = run();
    let old = first.begin(&info).unwrap();
    old.append(loaded(&["a"], "old", 1));
    flush(&*old).unwrap();
    owned(&path, "", 31);
    let new = second.resume(&info).unwrap();
    old.append(loaded(&["a"], "late", 1));
    assert!(matches!(flush(&*old), Err(StoreError::TakenOver { .. })));
    drop(old);
    new.append(loaded(&["b"], "new", 2));
    flush(&*new).unwrap();
    assert!(matches!(first.resume(&info), Err(StoreError::Owned { .. })));
    let stored = second.read(info.id).unwrap();
    assert_eq!(value_of(&stored, &["a"]).unwrap(), b"old");
    assert_eq!(value_of(&stored, &["b"]).unwrap(), b"new");
}
