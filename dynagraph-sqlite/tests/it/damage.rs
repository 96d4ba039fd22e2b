//! Damaged files: every read is right, misses something, or says what is wrong.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use dynagraph_runtime::store::{RunInfo, RunStore, StoreError};
use dynagraph_runtime::{KeyPath, RunId, RunStatus};
use dynagraph_sqlite::{Durability, SqliteOptions, SqliteStore};
use tempfile::TempDir;

use crate::support::{
    emitted, ended, fingerprint, flush, folder, listed, loaded, run, up_for_retry,
};

/// A run in files, and what it gave.
struct Whole {
    folder: TempDir,
    run: RunInfo,
    values: HashMap<String, Vec<u8>>,
}

const KEYS: u64 = 200;

impl Whole {
    /// A run whose records are in the database and in its write-ahead log.
    fn new() -> Self {
        let (folder, path) = folder();
        let run = run();
        let store = SqliteOptions::new().inline_limit(150).open(&path).unwrap();
        let log = store.begin(&run).unwrap();
        let mut values = HashMap::new();
        for index in 0..KEYS {
            let key = format!("key/{index}");
            let times = usize::try_from(index % 20).unwrap();
            let bytes = format!("value {index} ").repeat(times).into_bytes();
            log.append(emitted(&key, index, &bytes));
            log.append(up_for_retry(&[&key]));
            log.append(loaded(&[&key], bytes.clone(), index));
            values.insert(key, bytes);
            if index == KEYS / 2 {
                flush(&*log).unwrap();
                let conn = rusqlite::Connection::open(&path).unwrap();
                conn.query_row("PRAGMA wal_checkpoint(FULL)", [], |_| Ok(())).unwrap();
            }
        }
        log.append(listed(KEYS));
        flush(&*log).unwrap();
        log.append(ended(RunStatus::Failure, Some("it failed")));
        flush(&*log).unwrap();
        // Taken while the store is open: closing it would move the log into the database.
        let copied = tempfile::tempdir().unwrap();
        copy(folder.path(), copied.path());
        Self { folder: copied, run, values }
    }

    /// Reads a damaged copy. Says how many steps were right.
    fn check(&self, copy: &Path) -> Result<usize, StoreError> {
        let options = SqliteOptions::new().durability(Durability::Normal);
        let store = options.open(copy.join("runs.db"))?;
        let right = self.check_read(&store, self.run.id)?;
        for index in [3, 50, 150] {
            if let Some(step) = store.find_step(fingerprint(index))? {
                assert_eq!(step.key.path().keys()[0], format!("key/{index}").as_str());
            }
        }
        // Going on may fail, and must not make anything wrong.
        let log = store.resume(&self.run)?;
        log.append(loaded(&["new"], "new", KEYS));
        flush(&*log)?;
        drop(log);
        self.check_read(&store, self.run.id)?;
        Ok(right)
    }

    fn check_read(&self, store: &SqliteStore, id: RunId) -> Result<usize, StoreError> {
        let stored = store.read(id)?;
        let summary = stored.summary();
        assert_eq!((summary.id, summary.started), (self.run.id, self.run.started));
        assert_eq!((&*summary.job, &summary.arguments), (&*self.run.job, &self.run.arguments));
        if let Some(list) = stored.step("list", &KeyPath::root()) {
            let keys = list.emitted(0).unwrap();
            assert_eq!(keys.len() as u64, KEYS);
            for (index, key) in keys.iter().enumerate() {
                assert_eq!(key.key, format!("key/{index}").as_str());
                if let Ok(bytes) = key.value.as_ref().unwrap().bytes() {
                    assert_eq!(*bytes, *self.values[key.key.as_str()]);
                }
            }
        }
        let mut right = 0;
        for step in stored.steps().filter(|step| step.key.node() == "load") {
            let key = step.key.path().keys()[0].clone();
            let value = step.value(0).unwrap();
            assert_eq!(&*step.node.op, "load");
            assert_eq!(value.type_name(), "alloc::string::String");
            if key == "new" {
                continue;
            }
            let index: u64 = key.as_str()[4..].parse().unwrap();
            assert_eq!(step.fingerprint, Some(fingerprint(index)));
            if let Ok(bytes) = value.bytes() {
                assert_eq!(*bytes, *self.values[key.as_str()]);
                right += 1;
            }
        }
        Ok(right)
    }

    /// The files, relative to the folder, with their lengths.
    fn files(&self) -> Vec<(PathBuf, u64)> {
        let mut files = Vec::new();
        list(self.folder.path(), &mut files);
        files.retain(|(path, _)| !path.ends_with("runs.db-shm"));
        files.sort();
        let relative = |path: PathBuf| path.strip_prefix(self.folder.path()).unwrap().to_owned();
        files.into_iter().map(|(path, len)| (relative(path), len)).collect()
    }
}

fn list(folder: &Path, files: &mut Vec<(PathBuf, u64)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(&path, files);
        } else {
            let len = path.metadata().unwrap().len();
            files.push((path, len));
        }
    }
}

fn copy(from: &Path, to: &Path) {
    let mut files = Vec::new();
    list(from, &mut files);
    for (path, _) in files.iter().filter(|(path, _)| !path.ends_with("runs.db-shm")) {
        let to = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(path, to).unwrap();
    }
}

/// How many copies are damaged. `DYNAGRAPH_DAMAGE_CASES` sets another number.
fn cases() -> u64 {
    let asked = std::env::var("DYNAGRAPH_DAMAGE_CASES").ok();
    asked.and_then(|cases| cases.parse().ok()).unwrap_or(60)
}

#[test]
fn an_undamaged_copy_is_right() {
    let whole = Whole::new();
    let files = whole.files();
    assert!(files.iter().any(|(path, len)| path.ends_with("runs.db-wal") && *len > 10_000));
    assert!(files.iter().any(|(path, len)| path.ends_with("runs.db") && *len > 10_000));
    assert!(files.len() > 10);
    assert_eq!(whole.check(whole.folder.path()).unwrap() as u64, KEYS);
}

#[test]
fn no_damage_makes_a_value_wrong() {
    let whole = Whole::new();
    let files = whole.files();
    let mut random = fastrand::Rng::with_seed(11);
    let (mut refused, mut missing, mut right) = (0, 0, 0);
    for _ in 0..cases() {
        let copied = tempfile::tempdir().unwrap();
        copy(whole.folder.path(), copied.path());
        // Most of the files are values: each kind is damaged as often.
        let file = match random.u8(..3) {
            0 => &files[0],
            1 => &files[1],
            _ => random.choice(&files).unwrap(),
        };
        let path = copied.path().join(&file.0);
        let mut bytes = fs::read(&path).unwrap();
        let at = random.usize(..bytes.len());
        match random.u8(..4) {
            0 => bytes.truncate(at),
            1 => {
                let end = (at + random.usize(1..4_096)).min(bytes.len());
                bytes[at..end].iter_mut().for_each(|byte| *byte = random.u8(..));
            }
            2 => bytes[at] ^= 1 << random.u8(..8),
            _ => bytes[at] = random.u8(..),
        }
        fs::write(&path, bytes).unwrap();
        match whole.check(copied.path()) {
            Err(_) => refused += 1,
            Ok(found) if (found as u64) < KEYS => missing += 1,
            Ok(_) => right += 1,
        }
    }
    assert!(refused > 0 && missing > 0 && right > 0, "{refused} {missing} {right}");
}
