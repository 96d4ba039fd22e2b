//! Runs to store.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use dynagraph_runtime::store::{
    Codec, Fingerprint, KeyEmitted, NodeInfo, OutputRecord, Record, RunEnded, RunInfo, RunLog,
    StepEnded, StepUpForRetry, StoreError, StoredRun, StoredValue,
};
use dynagraph_runtime::{KeyPath, MappingKey, RunStatus, StepStatus};
use tempfile::TempDir;

/// A folder, and where a database in it is.
pub(crate) fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    (folder, path)
}

/// Waits for what does not need a runtime.
pub(crate) fn flush(log: &dyn RunLog) -> Result<(), StoreError> {
    futures::executor::block_on(log.flush())
}

/// A run of a job with the nodes `list`, which emits, and `load`, which is cached.
pub(crate) fn run() -> RunInfo {
    let mut run = RunInfo::new("nightly");
    run.graph = String::from("list load");
    run.arguments = vec![("day".to_owned(), "2024-02-29".to_owned())];
    run.started = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let mut list = NodeInfo::new("list", "list_files");
    list.outputs = vec!["files".into()];
    let mut load = NodeInfo::new("load", "load");
    load.version = Some("2".into());
    load.cached = true;
    run.nodes = vec![list, load];
    run
}

pub(crate) fn path(keys: &[&str]) -> KeyPath {
    let mut text = String::new();
    for (depth, key) in keys.iter().enumerate() {
        if depth > 0 {
            text.push('/');
        }
        MappingKey::from(*key).write_exact(&mut text);
    }
    KeyPath::from_exact(&text).unwrap()
}

pub(crate) fn fingerprint(number: u64) -> Fingerprint {
    let mut bytes = [7; 16];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Fingerprint::from_bytes(bytes)
}

pub(crate) fn value(bytes: impl Into<Vec<u8>>) -> StoredValue {
    StoredValue::new(Codec::MessagePack, "alloc::string::String", bytes.into())
}

/// A key that `list` emits.
pub(crate) fn emitted(key: &str, index: u64, bytes: &[u8]) -> Record {
    Record::KeyEmitted(KeyEmitted {
        node: 0,
        path: KeyPath::root(),
        attempt: 1,
        output: 0,
        index,
        key: key.into(),
        value: Some(value(bytes)),
    })
}

/// `list` has emitted so many keys.
pub(crate) fn listed(count: u64) -> Record {
    let mut step = StepEnded::new(0, KeyPath::root(), StepStatus::Success);
    step.outputs.push(OutputRecord::Emitted(count));
    Record::StepEnded(step)
}

/// `load` gave a value.
pub(crate) fn loaded(keys: &[&str], bytes: impl Into<Vec<u8>>, print: u64) -> Record {
    let mut step = StepEnded::new(1, path(keys), StepStatus::Success);
    step.outputs.push(OutputRecord::Value(value(bytes)));
    step.fingerprint = Some(fingerprint(print));
    step.started = Some(SystemTime::UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_123));
    step.duration = Duration::from_micros(4_567);
    Record::StepEnded(step)
}

pub(crate) fn up_for_retry(keys: &[&str]) -> Record {
    Record::StepUpForRetry(StepUpForRetry {
        node: 1,
        path: path(keys),
        attempt: 1,
        error: "not yet".to_owned(),
        delay: Duration::from_millis(20),
    })
}

pub(crate) fn ended(status: RunStatus, error: Option<&str>) -> Record {
    Record::RunEnded(RunEnded { status, error: error.map(str::to_owned) })
}

/// The value of a step of `load`, if the run has it.
pub(crate) fn value_of(run: &StoredRun, keys: &[&str]) -> Option<Vec<u8>> {
    let step = run.step("load", &path(keys))?;
    Some(step.value(0)?.bytes().ok()?.into_owned())
}
