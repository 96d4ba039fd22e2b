//! A job that is not what it was: only what is the same is reused.

use std::collections::HashSet;

use dynagraph::StepStatus;
use dynagraph::prelude::*;
use dynagraph::store::MemoryStore;

use super::{Calls, session};

/// The inputs that an op fails for, until it is mended.
#[derive(Debug, Clone, Default)]
struct Broken(HashSet<u64>);

/// A number that the world outside gives.
#[derive(Debug, Clone, Copy, Default)]
struct World(u64);

#[op]
fn keys(ctx: OpContext, calls: Resource<Calls>) -> Vec<DynamicOutput<u64>> {
    calls.say(&ctx);
    (0..4).map(|i| DynamicOutput::new(i, i)).collect()
}

#[op]
async fn work(
    ctx: OpContext,
    calls: Resource<Calls>,
    broken: Resource<Broken>,
    x: u64,
) -> Result<u64, String> {
    calls.say(&ctx);
    if broken.0.contains(&x) { Err(format!("{x} is broken")) } else { Ok(x * x) }
}

#[op]
fn list(ctx: OpContext, calls: Resource<Calls>, xs: Vec<u64>) -> Vec<u64> {
    calls.say(&ctx);
    xs
}

#[op]
fn last(ctx: OpContext, calls: Resource<Calls>, xs: &[u64]) -> u64 {
    calls.say(&ctx);
    xs.last().copied().unwrap_or_default()
}

/// The peer's fault: after such a run, its list has the keys that were run again, and no other.
#[tokio::test(start_paused = true)]
async fn what_failed_and_what_is_below_it_runs_again_and_no_key_is_lost() {
    let job = Job::compose("mended", || list(keys().map(work).collect()));
    let store = MemoryStore::new();
    let broken = Broken([1, 3].into());
    let (first, _) = session(job.run().store(store.clone()).resource(broken)).await;
    assert_eq!(first.failures().count(), 2);
    let mended = || job.run().store(store.clone()).resume(first.id()).resource(Broken::default());
    let (second, calls) = session(mended()).await;
    assert_eq!(second.output(), Some(&vec![0, 1, 4, 9]));
    assert_eq!(calls.list(), ["list", "work[1]", "work[3]"]);
    assert_eq!(second.count("work", StepStatus::Cached), 2);
    assert_eq!(second.count("work", StepStatus::Success), 2);
    let (third, calls) = session(mended()).await;
    assert_eq!(third.output(), Some(&vec![0, 1, 4, 9]));
    assert_eq!(calls.list(), [""; 0]);
}

mod later {
    use dynagraph::prelude::*;

    use super::Calls;

    #[op(name = "work", version = "2")]
    pub(super) async fn work(ctx: OpContext, calls: Resource<Calls>, x: u64) -> u64 {
        calls.say(&ctx);
        if x == 3 { 10 } else { x * x }
    }

    #[op(name = "work", version = "3")]
    pub(super) async fn faster_work(ctx: OpContext, calls: Resource<Calls>, x: u64) -> u64 {
        calls.say(&ctx);
        if x == 3 { 10 } else { x.pow(2) }
    }
}

#[tokio::test(start_paused = true)]
async fn another_version_runs_again_and_what_is_below_it_if_its_value_differs() {
    let store = MemoryStore::new();
    let run = |job: Job<(Vec<u64>, Keyed<u64>)>| {
        job.run().store(store.clone()).resource(Broken::default())
    };
    let job = Job::compose("versions", || {
        let worked = keys().map(work);
        (list(worked.collect()), worked.map(work))
    });
    session(run(job)).await;

    let job = Job::compose("versions", || {
        let worked = keys().map(later::work);
        (list(worked.collect()), worked.map(work))
    });
    let (report, calls) = session(run(job).resume_last()).await;
    assert_eq!(report.output().unwrap().0, [0, 1, 4, 10]);
    let again = ["list", "work[0]", "work[1]", "work[2]", "work[3]", "work_2[3]"];
    assert_eq!(calls.list(), again);

    let job = Job::compose("versions", || {
        let worked = keys().map(later::faster_work);
        (list(worked.collect()), worked.map(work))
    });
    let (report, calls) = session(run(job).resume_last()).await;
    assert_eq!(report.output().unwrap().0, [0, 1, 4, 10]);
    assert_eq!(calls.list(), ["work[0]", "work[1]", "work[2]", "work[3]"]);
}

#[op]
fn world_keys(
    ctx: OpContext,
    calls: Resource<Calls>,
    world: Resource<World>,
) -> Vec<DynamicOutput<u64>> {
    calls.say(&ctx);
    vec![DynamicOutput::new(1, "same"), DynamicOutput::new(world.0, "other")]
}

#[op]
async fn fails(
    ctx: OpContext,
    calls: Resource<Calls>,
    world: Resource<World>,
    out: DynamicOut<u64>,
) -> Result<(), OpError> {
    calls.say(&ctx);
    out.emit(1, "same").await?;
    out.emit(world.0, "other").await?;
    if world.0 == 2 { Err("not yet".into()) } else { Ok(()) }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_emitted_with_another_value_gets_a_new_copy() {
    let job = Job::compose("emitted_again", || list(fails().map(work).collect()));
    let store = MemoryStore::new();
    let run =
        |world| job.run().store(store.clone()).resource(World(world)).resource(Broken::default());
    let (first, _) = session(run(2)).await;
    assert_eq!(first.status(), RunStatus::Failure);
    let (second, calls) = session(run(3).resume_last()).await;
    assert_eq!(second.output(), Some(&vec![1, 9]));
    assert_eq!(calls.list(), ["fails", "list", "work[other]"]);
}

#[tokio::test(start_paused = true)]
async fn a_changed_graph_goes_on_with_what_still_matches() {
    let store = MemoryStore::new();
    let run = |job: Job<u64>| job.run().store(store.clone()).resource(Broken::default());
    session(run(Job::compose("changed", || last(keys().map(work).collect())))).await;
    let (report, calls) = session(
        run(Job::compose("changed", || last(keys().map(work).map(work).collect()))).resume_last(),
    )
    .await;
    assert_eq!(report.output(), Some(&81));
    assert_eq!(calls.list(), ["last", "work_2[0]", "work_2[1]", "work_2[2]", "work_2[3]"]);
}

/// Not to be stored.
#[derive(Debug, Clone)]
struct Opaque(u64);

#[op]
fn open(ctx: OpContext, calls: Resource<Calls>, x: u64) -> Opaque {
    calls.say(&ctx);
    Opaque(x)
}

#[op]
fn look(ctx: OpContext, calls: Resource<Calls>, opaque: &Opaque) -> u64 {
    calls.say(&ctx);
    opaque.0
}

#[op]
fn unwritable(ctx: OpContext, calls: Resource<Calls>) -> Option<()> {
    calls.say(&ctx);
    Some(())
}

#[op]
fn is_some(ctx: OpContext, calls: Resource<Calls>, x: Option<()>) -> bool {
    calls.say(&ctx);
    x.is_some()
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_encoded_runs_again_and_so_does_what_depends_on_it() {
    let job = Job::compose("opaque", || {
        (list(keys().map(|x| look(open(x))).collect()), is_some(unwritable()))
    });
    let store = MemoryStore::new();
    session(job.run().store(store.clone())).await;
    let (report, calls) = session(job.run().store(store).resume_last()).await;
    assert_eq!(report.output(), Some(&(vec![0, 1, 2, 3], true)));
    let counts: Vec<_> = calls.counts().into_iter().collect();
    let expected = [("is_some", 1), ("look", 4), ("open", 4), ("unwritable", 1)];
    assert_eq!(counts, expected.map(|(op, count)| (op.to_owned(), count)));
    assert_eq!(report.count("list", StepStatus::Cached), 1);
}

#[op(max_retries = 2)]
async fn trembles(
    ctx: OpContext,
    calls: Resource<Calls>,
    out: DynamicOut<u64>,
) -> Result<(), OpError> {
    calls.say(&ctx);
    let keys: &[u64] = if ctx.attempt() == 1 { &[1, 2, 3] } else { &[3, 1, 4] };
    for key in keys {
        out.emit(*key, *key).await?;
    }
    if ctx.attempt() == 1 { Err("again".into()) } else { Ok(()) }
}

/// S30
#[tokio::test(start_paused = true)]
async fn what_the_last_attempt_of_a_producer_emitted_is_what_it_gave() {
    let job = Job::compose("retried", || list(trembles().map(work).collect()));
    let store = MemoryStore::new();
    let run = || job.run().store(store.clone()).resource(Broken::default());
    let (first, _) = session(run()).await;
    assert_eq!(first.output(), Some(&vec![9, 1, 16]));
    let (again, calls) = session(run().resume_last()).await;
    assert_eq!(again.output(), Some(&vec![9, 1, 16]));
    assert_eq!(calls.list(), [""; 0]);
    assert_eq!(again.count("work", StepStatus::Cached), 3);
}

#[tokio::test(start_paused = true)]
async fn another_world_needs_another_version() {
    let job = Job::compose("world", || last(world_keys().map(work).collect()));
    let store = MemoryStore::new();
    let run =
        |world| job.run().store(store.clone()).resource(World(world)).resource(Broken::default());
    session(run(2)).await;
    let (report, calls) = session(run(3).resume_last()).await;
    assert_eq!((report.output(), calls.list().len()), (Some(&4), 0));
}
