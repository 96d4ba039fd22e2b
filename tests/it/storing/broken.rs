//! Stores that can keep no more, in the middle of a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dynagraph::prelude::*;
use dynagraph::store::{MemoryStore, RunState, RunStore, StoreError};
use dynagraph::{SqliteOptions, SqliteStore};

use super::{Calls, session};
use crate::faulty_store::{Fault, FaultyStore};

const KEYS: u64 = 2_000;

#[op]
async fn emits(out: DynamicOut<u64>) -> Result<(), EmitError> {
    for i in 0..KEYS {
        out.emit(i, i).await?;
    }
    Ok(())
}

#[op]
async fn copy(ctx: OpContext, calls: Resource<Calls>, x: u64) -> u64 {
    calls.say(&ctx);
    tokio::time::sleep(ms(1)).await;
    x
}

#[op]
fn copy_blocking(ctx: OpContext, calls: Resource<Calls>, x: u64) -> u64 {
    calls.say(&ctx);
    x
}

#[op]
fn add(sum: u64, x: u64) -> u64 {
    sum + x
}

/// Lasts for ever, unless the run ends first.
#[op]
async fn waits(x: u64) -> u64 {
    let calls = AtomicU64::new(x);
    std::future::pending::<()>().await;
    calls.load(Ordering::Relaxed)
}

fn job() -> Job<u64> {
    Job::compose("job", || emits().window(8).map(copy).map(copy_blocking).fold(0, add))
}

fn assert_full<T>(report: &RunReport<T>) {
    assert_eq!(report.status(), RunStatus::Failure);
    let error = report.error();
    assert!(matches!(error, Some(RunError::Store(StoreError::Full { .. }))), "{error:?}");
    assert!(report.output().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_store_breaks_starts_nothing_more_and_goes_on_from_what_is_stored() {
    let store = MemoryStore::new();
    let breaks = FaultyStore::new(store.clone(), Fault::Breaks(60));
    let (report, calls) = session(job().run().max_concurrent(4).store(breaks)).await;
    assert_full(&report);
    let first = calls.list().len();
    assert!(first < 100, "{first} steps were run");
    assert_eq!(store.runs().unwrap()[0].state, RunState::Interrupted);

    let (report, calls) = session(job().run().store(store).resume_last()).await;
    assert_eq!(report.output(), Some(&(0..KEYS).sum()), "{:?}", report.error());
    let cached = report.count("copy", StepStatus::Cached);
    assert!(cached > 10, "{cached} steps were stored");
    assert_eq!(calls.counts()["copy"], 2_000 - cached);
}

/// Whatever runs then is not waited for.
#[tokio::test(start_paused = true)]
async fn a_run_that_waits_ends_as_soon_as_its_store_breaks() {
    let job = Job::compose("waits", || waits(emits().map(copy).fold(0, add)).alias("never"));
    let stuck = Job::compose("stuck", || (waits(1), emits().map(copy).fold(0, add)));
    for fault in [1, 100, 4_000] {
        let run = job.run().store(FaultyStore::new(MemoryStore::new(), Fault::Breaks(fault)));
        assert_full(&session(run).await.0);
        let run = stuck.run().store(FaultyStore::new(MemoryStore::new(), Fault::Breaks(fault)));
        let (report, _) = session(run).await;
        assert_full(&report);
        assert_eq!(report.count("waits", StepStatus::Canceled), 1);
    }
}

/// A producer on a thread of its own waits for room until it is told to stop.
#[tokio::test]
async fn a_database_that_may_grow_no_more_ends_its_run_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let job = Job::compose("job", || (emits().map(copy_blocking).fold(0, add), waits(2)));
    let whole = Job::compose("job", || (emits().map(copy_blocking).fold(0, add), copy(2)));
    let small = SqliteOptions::new().max_pages(40).open(&path).unwrap();
    let (report, calls) = session(job.run().store(small)).await;
    assert_full(&report);
    assert!(!calls.list().is_empty());

    let store = Arc::new(SqliteStore::open(&path).unwrap());
    let (report, calls) = session(whole.run().store(Arc::clone(&store)).resume_last()).await;
    assert_eq!(report.output(), Some(&((0..KEYS).sum(), 2)), "{:?}", report.error());
    let cached = report.count("copy_blocking", StepStatus::Cached);
    assert!(cached > 0);
    assert_eq!(calls.counts()["copy_blocking"], 2_000 - cached);
    assert_eq!(store.read(report.id()).unwrap().damaged(), 0);
}

/// Ends in its own way, which is long after it was told to.
#[op]
async fn stubborn(x: u64) -> u64 {
    tokio::time::sleep(ms(8_000)).await;
    x
}

#[op]
async fn late(x: u64) -> u64 {
    tokio::time::sleep(ms(1_000)).await;
    x
}

/// S35
#[tokio::test(start_paused = true)]
async fn a_canceled_run_whose_store_breaks_does_not_wait_for_what_runs() {
    let job = Job::compose("job", || (stubborn(1), late(2), late(3)));
    for (records, status, took) in [(1, RunStatus::Canceled, 1), (100, RunStatus::Success, 8)] {
        let store = MemoryStore::new();
        let faulty = FaultyStore::new(store.clone(), Fault::Breaks(records));
        let handle = job.run().store(faulty).start();
        tokio::time::sleep(ms(500)).await;
        handle.cancel();
        let report = handle.wait().await;
        assert_eq!((report.status(), report.duration().as_secs()), (status, took));
        let again = job.run().store(store).resume_last().report().await;
        assert_eq!(again.output(), Some(&(1, 2, 3)));
    }
}
