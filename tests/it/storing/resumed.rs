//! What a run that went on made of its stored steps, and why a step was run.

use dynagraph::prelude::*;
use dynagraph::store::{DropReason, Dropped, MemoryStore, Resumed, RunStore, StoredRun, Why, why};
use dynagraph::{KeyPath, RunId};

use super::session;

/// What the world outside gives.
#[derive(Debug, Clone, Copy, Default)]
struct World {
    /// How many keys there are.
    keys: u64,
    /// What each of them is multiplied with.
    by: u64,
    /// The key that fails.
    broken: Option<u64>,
}

#[op]
async fn keys(world: Resource<World>, _day: u64, out: DynamicOut<u64>) -> Result<(), OpError> {
    for key in 0..world.keys {
        out.emit(key * world.by, key).await?;
    }
    Ok(())
}

#[op]
async fn work(world: Resource<World>, x: u64) -> Result<u64, String> {
    if world.broken == Some(x) { Err("broken".to_owned()) } else { Ok(x) }
}

#[op(name = "work", version = "2")]
async fn work_2(x: u64) -> u64 {
    x
}

#[op]
async fn other_work(x: u64) -> u64 {
    x
}

#[op]
fn total(xs: &[u64], limit: u64) -> u64 {
    xs.iter().sum::<u64>().min(limit)
}

/// The days on which it runs are a constant of the job.
fn job(day: u64, limit: u64) -> Job<u64> {
    Job::compose("totals", move || total(keys(day).map(work).collect(), limit))
}

const WORLD: World = World { keys: 4, by: 1, broken: None };

struct Session {
    store: MemoryStore,
}

impl Session {
    /// After one run of the job in a world.
    async fn after(world: World) -> Self {
        let store = MemoryStore::new();
        session(job(1, 100).run().store(store.clone()).resource(world)).await;
        Self { store }
    }

    async fn resumed(&self, job: Job<u64>, world: World) -> Resumed {
        let run = job.run().store(self.store.clone()).resume_last().resource(world);
        let (report, _) = session(run).await;
        report.resumed().unwrap().clone()
    }
}

/// What was dropped, as text.
fn dropped(resumed: &Resumed) -> Vec<String> {
    resumed.dropped().iter().map(Dropped::to_string).collect()
}

#[tokio::test(start_paused = true)]
async fn all_that_is_the_same_is_reused_and_nothing_is_dropped() {
    let resumed = Session::after(WORLD).await.resumed(job(1, 100), WORLD).await;
    assert_eq!((resumed.reused(), resumed.unfinished(), dropped(&resumed)), (6, 0, vec![]));
    let broken = World { broken: Some(2), ..WORLD };
    let resumed = Session::after(broken).await.resumed(job(1, 100), WORLD).await;
    assert_eq!((resumed.reused(), resumed.unfinished(), dropped(&resumed)), (4, 1, vec![]));
}

#[tokio::test(start_paused = true)]
async fn what_was_dropped_is_said_by_node_and_reason() {
    let after = Session::after(WORLD).await;
    let gone = Job::compose("totals", || total(keys(1).map(other_work).collect(), 100));
    let resumed = after.resumed(gone, WORLD).await;
    assert_eq!(dropped(&resumed), ["4 steps of `work`: the job has no such node any more"]);
    assert_eq!(resumed.dropped()[0].keys.len(), 4);

    let version = Job::compose("totals", || total(keys(1).map(work_2).collect(), 100));
    let resumed = after.resumed(version, WORLD).await;
    let expected = "4 steps of `work`: the op's version was none, and is \"2\"";
    assert_eq!(dropped(&resumed)[0], expected);

    let renamed = Job::compose("totals", || {
        total(keys(1).map(|x| other_work(x).alias("work")).collect(), 100)
    });
    let resumed = Session::after(WORLD).await.resumed(renamed, WORLD).await;
    assert_eq!(dropped(&resumed), ["4 steps of `work`: its op was `work`, and is `other_work`"]);
}

#[tokio::test(start_paused = true)]
async fn other_inputs_and_keys_that_are_gone_are_told_apart() {
    let resumed = Session::after(WORLD).await.resumed(job(1, 5), WORLD).await;
    assert_eq!(dropped(&resumed), ["1 step of `total`: its inputs changed"]);
    // Another day, and so other keys.
    let world = World { keys: 2, by: 1, broken: None };
    let resumed = Session::after(WORLD).await.resumed(job(2, 100), world).await;
    let expected = [
        "1 step of `keys`: its inputs changed",
        "2 steps of `work`: its key is no longer emitted",
        "1 step of `total`: its inputs changed",
    ];
    let mut told = dropped(&resumed);
    told.sort_by_key(|line| expected.iter().position(|known| known == line));
    assert_eq!(told, expected);
    assert_eq!(resumed.reused(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_run_did_not_come_to_stays_stored() {
    let after = Session::after(WORLD).await;
    let broken = World { by: 2, broken: Some(4), ..WORLD };
    let resumed = after.resumed(job(2, 100), broken).await;
    let not_reached =
        resumed.dropped().iter().find(|dropped| dropped.reason == DropReason::NotReached);
    assert_eq!(not_reached.map(|dropped| &*dropped.node), Some("total"));
}

/// The run, and the one before it.
fn with_before(store: &MemoryStore, run: RunId) -> (StoredRun, Option<StoredRun>) {
    let before = store.run_before(run).unwrap();
    (store.read(run).unwrap(), before.map(|before| store.read(before.id).unwrap()))
}

#[tokio::test(start_paused = true)]
async fn a_new_run_says_which_input_of_a_step_changed() {
    let store = MemoryStore::new();
    let run = |limit| job(1, limit).run().store(store.clone()).resource(WORLD);
    let (first, _) = session(run(100)).await;
    let (second, _) = session(run(5)).await;
    let asked = |run, node: &str, path: &KeyPath| {
        let (run, before) = with_before(&store, run);
        why(&run, before.as_ref(), node, path)
    };
    let root = KeyPath::root();
    assert_eq!(asked(first.id(), "total", &root), Why::FirstRun);
    let changed = asked(second.id(), "total", &root);
    assert_eq!(changed.to_string(), "its input `limit` changed");
    let key = KeyPath::from_exact("2").unwrap();
    assert_eq!(asked(second.id(), "work", &key), Why::NotCached);
    assert_eq!(asked(second.id(), "work", &KeyPath::from_exact("9").unwrap()), Why::NotRun);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_went_on_says_what_had_become_of_a_step() {
    let store = MemoryStore::new();
    let run = |world| job(1, 100).run().store(store.clone()).resource(world);
    session(run(World { broken: Some(2), ..WORLD })).await;
    let (report, _) = session(run(WORLD).resume_last()).await;
    let (stored, before) = with_before(&store, report.id());
    let key = KeyPath::from_exact("2").unwrap();
    let answer = why(&stored, before.as_ref(), "work", &key);
    assert_eq!(answer.to_string(), "before, it had ended as Failure");
    assert_eq!(why(&stored, None, "total", &KeyPath::root()), Why::FirstRun);
}
