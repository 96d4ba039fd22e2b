//! What only a database does.

use std::fs;
use std::time::{Duration, SystemTime};

use dynagraph_runtime::store::{RunStore, StoreError};
use dynagraph_runtime::{KeyPath, RunStatus};
use dynagraph_sqlite::{Durability, SqliteOptions, SqliteStore};
use rusqlite::Connection;

use crate::support::{emitted, ended, flush, folder, listed, loaded, run, up_for_retry, value_of};

#[test]
fn what_was_appended_is_written_when_the_store_is_dropped() {
    let (_folder, path) = folder();
    let info = run();
    {
        let options = SqliteOptions::new().durability(Durability::Normal);
        let store = options.open(&path).unwrap();
        let log = store.begin(&info).unwrap();
        drop(store);
        for key in 0..10_000 {
            log.append(loaded(&[&key.to_string()], "value", key));
        }
    }
    let stored = SqliteStore::open(&path).unwrap().read(info.id).unwrap();
    assert_eq!(stored.steps().len(), 10_000);
    assert!(!path.with_extension("db-wal").exists() || stored.damaged() == 0);
}

#[test]
fn a_log_that_is_full_says_so_until_there_is_room() {
    let (_folder, path) = folder();
    let store = SqliteOptions::new().room(1).open(&path).unwrap();
    let log = store.begin(&run()).unwrap();
    assert!(!log.is_full());
    log.append(loaded(&["a"], "value", 1));
    futures::executor::block_on(log.room());
    assert!(!log.is_full());
}

#[test]
fn a_live_run_can_be_read_with_any_program() {
    let (_folder, path) = folder();
    let info = run();
    let store = SqliteStore::open(&path).unwrap();
    let log = store.begin(&info).unwrap();
    log.append_all(&mut vec![emitted("a/b", 0, b"A"), listed(1), up_for_retry(&["a/b"])]);
    log.append(loaded(&["a/b"], "first", 1));
    log.append(loaded(&["a/b"], "second", 2));
    flush(&*log).unwrap();

    let conn = Connection::open(&path).unwrap();
    let texts = |sql: &str| -> Vec<String> {
        let mut statement = conn.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    assert_eq!(texts("SELECT job || ' ' || status FROM runs"), ["nightly Started"]);
    assert_eq!(
        texts("SELECT step || ' ' || status || ' ' || ifnull(cast(value AS TEXT), '') FROM steps"),
        ["list Success ", "load[a%2Fb] Success second"]
    );
    assert_eq!(
        texts("SELECT step || ' ' || attempt || ' ' || ifnull(error, '') FROM attempts"),
        ["list 1 ", "load[a%2Fb] 1 not yet", "load[a%2Fb] 1 ", "load[a%2Fb] 1 "]
    );
    assert_eq!(texts("SELECT step || ' ' || key FROM emitted_keys"), ["list a%2Fb"]);
}

#[test]
fn a_large_value_is_a_file_until_no_run_has_it() {
    let (folder, _) = folder();
    let odd = folder.path().join("ä folder, 100 % [odd]#1");
    fs::create_dir(&odd).unwrap();
    let files = || fs::read_dir(odd.join("runs#1-values")).unwrap().count();
    let store = SqliteStore::open(odd.join("runs#1")).unwrap();
    let (mut first, second) = (run(), run());
    first.started -= Duration::from_secs(1);
    let (shared, own) = (vec![1; 70_000], vec![2; 70_000]);
    let log = store.begin(&first).unwrap();
    log.append(loaded(&["shared"], shared.clone(), 1));
    log.append(loaded(&["own"], own.clone(), 2));
    log.append(loaded(&["small"], vec![3; 65_536], 3));
    drop(log);
    let log = store.begin(&second).unwrap();
    log.append(loaded(&["shared"], shared.clone(), 1));
    drop(log);
    assert_eq!(value_of(&store.read(first.id).unwrap(), &["own"]), Some(own));
    assert_eq!(files(), 2);
    store.delete_before(second.started).unwrap();
    assert_eq!(files(), 1);
    assert_eq!(value_of(&store.read(second.id).unwrap(), &["shared"]), Some(shared));
    store.delete_before(SystemTime::now()).unwrap();
    assert_eq!(files(), 0);
}

#[test]
fn a_database_of_a_later_version_is_refused() {
    let (_folder, path) = folder();
    drop(SqliteStore::open(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 3).unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    let place = path.display();
    assert_eq!(
        error.to_string(),
        format!(
            "`{place}` was written by a later version of dynagraph: its schema is 3, this version \
             knows up to 2"
        )
    );
}

#[test]
fn a_file_that_is_no_store_is_refused() {
    let (folder, path) = folder();
    Connection::open(&path).unwrap().execute("CREATE TABLE t (x)", []).unwrap();
    assert!(matches!(SqliteStore::open(&path), Err(StoreError::NotAStore { .. })));
    let text = folder.path().join("text");
    fs::write(&text, "some text that is no database, and is longer than a header of one is: 100")
        .unwrap();
    assert!(matches!(SqliteStore::open(&text), Err(StoreError::Damaged { .. })));
    assert!(matches!(SqliteStore::open(folder.path()), Err(StoreError::Io { .. })));
    let nowhere = folder.path().join("no/such/folder");
    assert!(matches!(SqliteStore::open(nowhere), Err(StoreError::Io { .. })));
}

#[test]
fn a_locked_file_ends_the_log_and_keeps_what_was_stored() {
    let (_folder, path) = folder();
    let store = SqliteOptions::new().patience(Duration::from_millis(1)).open(&path).unwrap();
    let info = run();
    let log = store.begin(&info).unwrap();
    log.append(loaded(&["a"], "kept", 1));
    flush(&*log).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    log.append(loaded(&["b"], "lost", 2));
    assert!(matches!(flush(&*log), Err(StoreError::Locked { .. })));
    assert!(matches!(log.failed(), Some(StoreError::Locked { .. })));
    assert!(matches!(store.begin(&run()), Err(StoreError::Locked { .. })));
    other.execute_batch("ROLLBACK").unwrap();
    log.append(loaded(&["c"], "refused", 3));
    assert!(flush(&*log).is_err());
    drop(log);
    let log = store.resume(&info).unwrap();
    log.append(loaded(&["d"], "later", 4));
    flush(&*log).unwrap();
    let stored = store.read(info.id).unwrap();
    let steps: Vec<_> = stored.steps().map(|step| step.key.to_string()).collect();
    assert_eq!(steps, ["load[a]", "load[d]"]);
}

#[test]
fn a_database_that_cannot_grow_ends_the_log_and_keeps_what_was_stored() {
    let (_folder, path) = folder();
    let info = run();
    let store = SqliteOptions::new().max_pages(60).open(&path).unwrap();
    let log = store.begin(&info).unwrap();
    let mut stored = 0;
    let error = loop {
        log.append(loaded(&[&stored.to_string()], vec![1; 1_000], stored));
        match flush(&*log) {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    drop((log, store));
    let store = SqliteStore::open(&path).unwrap();
    let read = store.read(info.id).unwrap();
    assert_eq!(read.steps().len() as u64, stored);
    assert_eq!(read.damaged(), 0);
    let log = store.resume(&info).unwrap();
    log.append(ended(RunStatus::Success, None));
    flush(&*log).unwrap();
    assert!(read.step("list", &KeyPath::root()).is_none());
}
