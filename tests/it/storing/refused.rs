//! What a store refuses, and what it cannot keep.

use dynagraph::prelude::*;
use dynagraph::store::{MemoryStore, RunStore, StoreError};
use dynagraph::{ConfigError, RunId};

use super::{Calls, session};
use crate::faulty_store::{Fault, FaultyStore};

#[op]
fn one(ctx: OpContext, calls: Resource<Calls>) -> u64 {
    calls.say(&ctx);
    1
}

fn job() -> Job<u64> {
    Job::compose("job", one)
}

#[tokio::test]
async fn a_run_that_goes_on_needs_a_store() {
    for run in [job().run().resume_last(), job().run().resume(RunId::from_bytes([0; 16]))] {
        let (report, calls) = session(run).await;
        let Some(RunError::Config(mistakes)) = report.error() else { panic!("{report:?}") };
        assert!(matches!(mistakes[..], [ConfigError::ResumeWithoutStore { .. }]));
        assert_eq!(calls.list().len(), 0);
    }
}

#[tokio::test]
async fn a_run_that_the_store_does_not_have_does_not_start() {
    let store = MemoryStore::new();
    let unknown = job().run().store(store.clone()).resume(RunId::from_bytes([7; 16]));
    let (report, calls) = session(unknown).await;
    assert!(matches!(report.error(), Some(RunError::Store(StoreError::NoSuchRun { .. }))));
    let (report, _) = session(job().run().store(store.clone()).resume_last()).await;
    let error = report.error().unwrap().to_string();
    assert_eq!(
        error,
        "the run's store: the store has no run of the job `job` that could be resumed"
    );
    assert_eq!(calls.list().len(), 0);
    assert_eq!(store.runs().unwrap().len(), 0);
}

#[tokio::test]
async fn a_run_of_another_job_is_not_gone_on_with() {
    let store = MemoryStore::new();
    let (first, _) = session(job().run().store(store.clone())).await;
    let other = Job::compose("other", one);
    let (report, calls) = session(other.run().store(store.clone()).resume(first.id())).await;
    assert!(matches!(report.error(), Some(RunError::Store(StoreError::OtherJob { .. }))));
    assert_eq!(calls.list().len(), 0);
    assert_eq!(store.runs().unwrap()[0].job, "job");
}

#[op]
async fn waits() {
    std::future::pending::<()>().await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_live_is_not_gone_on_with() {
    let store = MemoryStore::new();
    let job = Job::compose("waits", waits);
    let live = job.run().store(store.clone()).start();
    tokio::time::sleep(secs(1)).await;
    let second = job.run().store(store).resume_last().report().await;
    assert!(matches!(second.error(), Some(RunError::Store(StoreError::Owned { .. }))));
    drop(live);
}

#[tokio::test]
async fn a_run_that_is_not_stored_is_no_success_and_goes_on_from_what_is() {
    let store = MemoryStore::new();
    let full = FaultyStore::new(store.clone(), Fault::Full);
    let (report, calls) = session(job().run().store(full)).await;
    assert_eq!((report.status(), report.output()), (RunStatus::Failure, None));
    assert!(matches!(report.error(), Some(RunError::Store(StoreError::Full { .. }))));
    assert_eq!(calls.list(), ["one"]);
    let (report, calls) = session(job().run().store(store).resume_last()).await;
    assert_eq!(report.output(), Some(&1));
    assert_eq!(calls.list(), [""; 0]);
}

#[op]
fn many(ctx: OpContext, calls: Resource<Calls>) -> Vec<DynamicOutput<u64>> {
    calls.say(&ctx);
    (0..200).map(|i| DynamicOutput::new(i, i)).collect()
}

#[op]
async fn emits_many(out: DynamicOut<u64>) -> Result<(), EmitError> {
    for i in 0..200 {
        out.emit(i, i).await?;
    }
    Ok(())
}

#[op]
async fn echo(x: u64) -> u64 {
    tokio::task::yield_now().await;
    x
}

#[op]
fn echo_blocking(x: u64) -> u64 {
    x
}

#[op]
async fn add(a: u64, b: u64) -> u64 {
    a + b
}

/// What has begun ends all the same: each of two lanes has a key, and each producer may have one more.
#[tokio::test(start_paused = true)]
async fn a_store_that_is_slow_holds_keys_back() {
    let job = Job::compose("held_back", || {
        let copies = emits_many().map(echo_blocking).map(|x| add(echo(x), echo(x)));
        (copies.fold(0, add), many().map(echo).collect(), many().map(echo_blocking).collect())
    });
    let store = FaultyStore::new(MemoryStore::new(), Fault::Takes(16));
    let (report, _) = session(job.run().max_concurrent(2).store(store.clone())).await;
    assert_eq!(report.output().unwrap().0, 2 * (0..200).sum::<u64>());
    assert!((16..200).contains(&store.most()), "{} records were waiting", store.most());
    let run = store.store.read(report.id()).unwrap();
    assert_eq!(run.steps().len(), 3 + 3 * 200 + 3 * 200 + 200);
}
