//! Runs that were dropped or canceled on their way.

use std::sync::Arc;
use std::time::Duration;

use dynagraph::prelude::*;
use dynagraph::store::{MemoryStore, RunState, RunStore};
use dynagraph::{SqliteStore, StepStatus};

use super::{Calls, session};
use crate::support::{Gate, gate};

/// Lets an op end.
#[derive(Debug, Clone)]
struct Gates {
    /// One permit for each key that may be emitted.
    emit: Gate,
    /// One for each copy that may end.
    copy: Gate,
}

impl Gates {
    fn of(emit: usize, copy: usize) -> Self {
        let gates = Self { emit: gate(), copy: gate() };
        gates.emit.add_permits(emit);
        gates.copy.add_permits(copy);
        gates
    }

    fn open() -> Self {
        Self::of(1_000, 1_000)
    }
}

#[op]
fn four(ctx: OpContext, calls: Resource<Calls>) -> Vec<DynamicOutput<u64>> {
    calls.say(&ctx);
    (0..4).map(|i| DynamicOutput::new(i, i)).collect()
}

#[op]
async fn emits(
    ctx: OpContext,
    calls: Resource<Calls>,
    gates: Resource<Gates>,
    out: DynamicOut<u64>,
) -> Result<(), OpError> {
    calls.say(&ctx);
    for i in 0..4 {
        gates.emit.acquire().await?.forget();
        out.emit(i, i).await?;
    }
    Ok(())
}

#[op]
async fn copy(
    ctx: OpContext,
    calls: Resource<Calls>,
    gates: Resource<Gates>,
    x: u64,
) -> Result<u64, OpError> {
    calls.say(&ctx);
    gates.copy.acquire().await?.forget();
    Ok(x * 10)
}

#[op]
fn list(ctx: OpContext, calls: Resource<Calls>, xs: Vec<u64>) -> Vec<u64> {
    calls.say(&ctx);
    xs
}

const ALL: [u64; 4] = [0, 10, 20, 30];

/// Starts a run, and drops it once nothing goes on in it.
async fn cut(
    job: &Job<Vec<u64>>,
    store: impl RunStore,
    max_concurrent: usize,
    gates: Gates,
) -> Calls {
    let calls = Calls::default();
    let run = job.run().store(store).max_concurrent(max_concurrent);
    let run = run.resource(calls.clone()).resource(gates).start();
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(run);
    // The handle only asks: its task is dropped when the runtime comes to it.
    tokio::time::sleep(Duration::from_millis(50)).await;
    calls
}

/// The peer's fault, with a run that is cut in the middle of a key.
#[tokio::test(start_paused = true)]
async fn a_run_of_four_keys_that_is_cut_during_the_second_has_all_four_in_the_end() {
    let job = Job::compose("cut", || list(four().map(copy).collect()));
    let store = MemoryStore::new();
    let calls = cut(&job, store.clone(), 1, Gates::of(0, 1)).await;
    assert_eq!(calls.list(), ["copy[0]", "copy[1]", "four"]);
    assert_eq!(store.runs().unwrap()[0].state, RunState::Interrupted);
    let run = job.run().store(store.clone()).resume_last().resource(Gates::open());
    let (report, calls) = session(run).await;
    assert_eq!(report.output().unwrap()[..], ALL);
    assert_eq!(calls.list(), ["copy[1]", "copy[2]", "copy[3]", "list"]);
    assert!(matches!(store.runs().unwrap()[0].state, RunState::Ended { .. }));
}

#[tokio::test(start_paused = true)]
async fn keys_that_were_emitted_before_a_run_was_cut_are_emitted_once() {
    let job = Job::compose("cut", || list(emits().map(copy).collect()));
    let store = MemoryStore::new();
    let calls = cut(&job, store.clone(), 9, Gates::of(3, 2)).await;
    assert_eq!(calls.counts()["emits"], 1);
    let run = job.run().store(store).resume_last().resource(Gates::open());
    let (report, calls) = session(run).await;
    assert_eq!(report.output().unwrap()[..], ALL);
    assert_eq!(calls.list(), ["copy[2]", "copy[3]", "emits", "list"]);
    assert_eq!(report.count("copy", StepStatus::Cached), 2);
}

/// Through a file, in real time.
#[tokio::test]
async fn a_database_brings_a_run_back_that_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let job = Job::compose("cut", || list(emits().map(copy).collect()));
    cut(&job, SqliteStore::open(&path).unwrap(), 9, Gates::of(3, 2)).await;
    let store = Arc::new(SqliteStore::open(&path).unwrap());
    let run = || job.run().store(Arc::clone(&store)).resume_last().resource(Gates::open());
    let (report, calls) = session(run()).await;
    assert_eq!(report.output().map(Vec::as_slice), Some(&ALL[..]), "{:?}", report.error());
    assert_eq!(calls.list(), ["copy[2]", "copy[3]", "emits", "list"]);
    let (report, calls) = session(run()).await;
    assert_eq!((report.output().unwrap().len(), calls.list().len()), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_canceled_goes_on() {
    let job = Job::compose("canceled", || list(four().map(copy).collect()));
    let store = MemoryStore::new();
    let run = job.run().store(store.clone()).max_concurrent(1);
    let run = run.resource(Calls::default()).resource(Gates::of(0, 2)).start();
    tokio::time::sleep(Duration::from_millis(1)).await;
    run.cancel();
    let first = run.wait().await;
    assert_eq!(first.status(), RunStatus::Canceled);
    let run = job.run().store(store).resume(first.id()).resource(Gates::open());
    let (report, calls) = session(run).await;
    assert_eq!(report.output().unwrap()[..], ALL);
    assert_eq!(calls.list(), ["copy[2]", "copy[3]", "list"]);
}

#[tokio::test(start_paused = true)]
async fn a_store_can_be_asked_to_cancel_a_run() {
    let job = Job::compose("asked", || list(four().map(copy).collect()));
    let store = MemoryStore::new();
    let run = job.run().store(store.clone()).resource(Calls::default()).resource(Gates::of(0, 0));
    let run = run.start();
    tokio::time::sleep(Duration::from_millis(1)).await;
    store.ask_cancel(store.runs().unwrap()[0].id).unwrap();
    assert!(matches!(run.await, Err(RunError::Canceled)));
}
