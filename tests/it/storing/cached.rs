//! `#[op(cache)]`: what any run of the store has given need not be computed again.

use std::time::SystemTime;

use dynagraph::prelude::*;
use dynagraph::store::{MemoryStore, RunStore};
use dynagraph::{EventKind, SqliteStore, StepStatus};
use tempfile::TempDir;

use super::{Calls, session};

/// How many keys there are.
#[derive(Debug, Clone, Copy)]
struct World(u64);

#[op]
fn keys(ctx: OpContext, calls: Resource<Calls>, world: Resource<World>) -> Vec<DynamicOutput<u64>> {
    calls.say(&ctx);
    (0..world.0).map(|i| DynamicOutput::new(i, i)).collect()
}

#[op(cache, version = "1")]
async fn square(ctx: OpContext, calls: Resource<Calls>, x: u64) -> u64 {
    calls.say(&ctx);
    x * x
}

#[op(cache, name = "square", version = "2")]
async fn square_2(ctx: OpContext, calls: Resource<Calls>, x: u64) -> u64 {
    calls.say(&ctx);
    x * x
}

#[op]
fn list(ctx: OpContext, calls: Resource<Calls>, xs: Vec<u64>) -> Vec<u64> {
    calls.say(&ctx);
    xs
}

#[op(cache)]
async fn digits(
    ctx: OpContext,
    calls: Resource<Calls>,
    text: String,
    out: DynamicOut<u64>,
) -> Result<usize, OpError> {
    calls.say(&ctx);
    for (at, digit) in text.chars().enumerate() {
        out.emit(u64::from(digit.to_digit(10).unwrap_or(0)), at).await?;
    }
    Ok(text.len())
}

/// Each store, as two runs of one process have it.
fn stores() -> Vec<(std::sync::Arc<dyn RunStore>, Option<TempDir>)> {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(folder.path().join("runs.db")).unwrap();
    vec![
        (std::sync::Arc::new(MemoryStore::new()), None),
        (std::sync::Arc::new(sqlite), Some(folder)),
    ]
}

fn squares() -> Job<Vec<u64>> {
    Job::compose("squares", || list(keys().map(square).collect()))
}

#[tokio::test]
async fn a_new_run_reuses_what_is_the_same_and_computes_the_key_that_is_new() {
    for (store, _folder) in stores() {
        let run = |keys| squares().run().store(store.clone()).resource(World(keys));
        let (first, calls) = session(run(3)).await;
        assert_eq!(calls.counts()["square"], 3);
        let (second, calls) = session(run(4).keep_steps(true)).await;
        assert_eq!(second.output(), Some(&vec![0, 1, 4, 9]));
        assert_eq!(calls.list(), ["keys", "list", "square[3]"]);
        assert_ne!(second.id(), first.id());
        let reused = second.step("square[1]").unwrap();
        assert_eq!((reused.status(), reused.attempts()), (StepStatus::Cached, 0));
        assert_eq!(second.count("square", StepStatus::Cached), 3);
        assert!(second.resumed().is_none());
    }
}

/// A run has all that it needs, also what it took of another one.
#[tokio::test]
async fn a_run_that_reused_steps_is_resumed_and_read_alone() {
    for (store, _folder) in stores() {
        let run = || squares().run().store(store.clone()).resource(World(2));
        let (first, _) = session(run()).await;
        let (second, _) = session(run()).await;
        store.delete_before(store.runs().unwrap()[0].started).unwrap();
        assert!(store.read(first.id()).is_err());
        let stored = store.read(second.id()).unwrap();
        let step = stored.steps().find(|step| step.key.to_string() == "square[1]").unwrap();
        assert_eq!((step.status, step.value(0).unwrap().size()), (StepStatus::Cached, 1));
        let (resumed, calls) = session(run().resume_last()).await;
        assert_eq!(resumed.output(), second.output());
        assert_eq!(calls.list(), [""; 0]);
        // Later runs find it where it was reused.
        let (_, calls) = session(run()).await;
        assert!(!calls.counts().contains_key("square"));
    }
}

#[tokio::test]
async fn what_was_deleted_is_computed_again() {
    for (store, _folder) in stores() {
        let run = || squares().run().store(store.clone()).resource(World(2));
        session(run()).await;
        assert_eq!(store.delete_before(SystemTime::now()).unwrap().len(), 1);
        let (report, calls) = session(run()).await;
        assert_eq!(calls.counts()["square"], 2);
        assert_eq!(report.output(), Some(&vec![0, 1]));
    }
}

#[tokio::test]
async fn another_version_or_another_constant_is_another_step() {
    for (store, _folder) in stores() {
        let with = |x: u64| Job::compose("constant", move || square(x));
        let run = |job: Job<u64>| job.run().store(store.clone());
        let (first, _) = session(run(with(3))).await;
        let (again, calls) = session(run(with(3))).await;
        assert_eq!((again.output(), calls.list().len()), (first.output(), 0));
        let (_, calls) = session(run(with(4))).await;
        assert_eq!(calls.list(), ["square"]);
        let (_, calls) = session(run(Job::compose("constant", || square_2(3)))).await;
        assert_eq!(calls.list(), ["square"]);
        // The first version is still there, whatever the node is called, in whatever job.
        let other = Job::compose("other", || square(3).alias("renamed"));
        let (report, calls) = session(run(other)).await;
        assert_eq!((report.output(), calls.list().len()), (Some(&9), 0));
    }
}

#[tokio::test]
async fn an_op_with_dynamic_outputs_gives_its_keys_again() {
    for (store, _folder) in stores() {
        let job = Job::compose("digits", || {
            let (count, digits) = digits("314".to_owned()).into();
            (count, list(digits.map(square).collect()))
        });
        let run = || job.run().store(store.clone());
        let (first, _) = session(run()).await;
        assert_eq!(first.output(), Some(&(3, vec![9, 1, 16])));
        let (second, calls) = session(run()).await;
        assert_eq!(second.output(), first.output());
        assert_eq!(calls.list(), ["list"]);
        let stored = store.read(second.id()).unwrap();
        let step = stored.steps().find(|step| step.key.to_string() == "digits").unwrap();
        assert_eq!(step.outputs.len(), 2);
        let (third, calls) = session(run().resume_last()).await;
        assert_eq!((third.output(), calls.list().len()), (first.output(), 0));
    }
}

#[tokio::test]
async fn a_reused_step_is_told_of_as_cached() {
    let store = MemoryStore::new();
    let job = Job::compose("told", || square(3));
    session(job.run().store(store.clone())).await;
    let told = super::Log::default();
    let heard = told.clone();
    let run = job.run().store(store).on_event(move |event| match &event.kind {
        EventKind::StepStart { step, .. } => heard.say(format!("start {step}")),
        EventKind::StepCached { step, .. } => heard.say(format!("cached {step}")),
        _ => {}
    });
    session(run).await;
    assert_eq!(told.lines(), ["cached square"]);
}

/// Not to be stored.
#[derive(Debug, Clone)]
struct Opaque(u64);

#[op(cache)]
fn open(ctx: OpContext, calls: Resource<Calls>, x: u64) -> Opaque {
    calls.say(&ctx);
    Opaque(x)
}

#[op(cache)]
fn look(ctx: OpContext, calls: Resource<Calls>, opaque: &Opaque) -> u64 {
    calls.say(&ctx);
    opaque.0
}

#[tokio::test]
async fn what_cannot_be_encoded_is_computed_in_every_run() {
    let store = MemoryStore::new();
    let job = Job::compose("opaque", || look(open(7)));
    session(job.run().store(store.clone())).await;
    let (report, calls) = session(job.run().store(store)).await;
    assert_eq!((report.output(), calls.list()), (Some(&7), vec!["look".into(), "open".into()]));
    let unstored = report.unstored_outputs();
    assert_eq!((unstored.len(), &*unstored[0].node), (1, "open"));
    assert!(unstored[0].type_name.unwrap().ends_with("Opaque"));
    let graph = job.graph();
    let open = graph.nodes().iter().find(|node| node.name() == "open").unwrap();
    assert!(open.is_cached() && !open.outputs().next().unwrap().is_storable());
}

mod metric {
    use super::*;

    #[op(cache)]
    pub(super) fn width(calls: Resource<Calls>, ctx: OpContext, x: u64) -> u64 {
        calls.say(&ctx);
        x
    }
}

mod imperial {
    use super::*;

    #[op(cache)]
    pub(super) fn width(calls: Resource<Calls>, ctx: OpContext, x: u64) -> u64 {
        calls.say(&ctx);
        x * 3
    }
}

#[tokio::test]
async fn two_ops_of_one_name_do_not_give_what_the_other_gave() {
    for (store, _folder) in stores() {
        let metric = Job::compose("metric", || metric::width(3));
        let imperial = Job::compose("imperial", || imperial::width(3));
        for calls_of_each in [1, 0] {
            let (report, calls) = session(metric.run().store(store.clone())).await;
            assert_eq!((report.output(), calls.list().len()), (Some(&3), calls_of_each));
            let (report, calls) = session(imperial.run().store(store.clone())).await;
            assert_eq!((report.output(), calls.list().len()), (Some(&9), calls_of_each));
        }
    }
}

/// Emits two keys, fails, and emits other ones; then it succeeds.
#[op(cache, max_retries = 1)]
async fn twice(
    ctx: OpContext,
    calls: Resource<Calls>,
    out: DynamicOut<u64>,
) -> Result<(), OpError> {
    calls.say(&ctx);
    let keys = if ctx.attempt() == 1 { [1, 2, 3] } else { [3, 1, 4] };
    for key in keys {
        out.emit(key, key).await?;
    }
    if ctx.attempt() == 1 { Err("once more".into()) } else { Ok(()) }
}

/// S30
#[tokio::test(start_paused = true)]
async fn what_a_retried_op_emitted_last_is_what_is_reused() {
    for (store, _folder) in stores() {
        let job = Job::compose("job", || {
            let keys = twice().window(1);
            (keys.map(square).collect_keyed(), keys.fold(0, add))
        });
        let run = || job.run().store(store.clone());
        let (first, calls) = session(run()).await;
        let of_first = first.output().map(|(squares, sum)| (squares.to_string_list(), *sum));
        assert_eq!(calls.counts()["twice"], 2);
        let (second, calls) = session(run()).await;
        let of_second = second.output().map(|(squares, sum)| (squares.to_string_list(), *sum));
        assert_eq!((&of_second, calls.list().len()), (&of_first, 0));
        let (resumed, calls) = session(run().resume_last()).await;
        assert_eq!((resumed.status(), calls.list().len()), (RunStatus::Success, 0));
        assert_eq!(of_first, Some((vec!["3=9".into(), "1=1".into(), "4=16".into()], 8)));
    }
}

#[op]
fn add(sum: u64, x: u64) -> u64 {
    sum + x
}

trait ToStringList {
    fn to_string_list(&self) -> Vec<String>;
}

impl ToStringList for Keyed<u64> {
    fn to_string_list(&self) -> Vec<String> {
        self.into_iter().map(|(key, value)| format!("{key}={value}")).collect()
    }
}

/// Another process that deletes old runs.
#[derive(Debug, Clone)]
struct Collector(std::sync::Arc<dyn RunStore>);

#[op]
fn collect_garbage(store: Resource<Collector>) -> usize {
    let runs = store.0.runs().unwrap();
    store.0.delete_before(runs[0].started).unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_deleted_while_a_run_goes_on_is_computed_again() {
    let folder = tempfile::tempdir().unwrap();
    let open = || SqliteStore::open(folder.path().join("runs.db")).unwrap();
    let (store, other) = (open(), Collector(std::sync::Arc::new(open())));
    let plain = Job::compose("job", || list(keys().map(square).collect()));
    let (first, _) = session(plain.run().store(store.clone()).resource(World(5000))).await;
    let job = Job::compose("job", || {
        let gone = collect_garbage();
        list(keys().after(gone).map(square).collect())
    });
    let run = job.run().store(store.clone()).resource(World(5000)).resource(other);
    let (second, calls) = session(run).await;
    assert_eq!(second.output(), first.output());
    assert_eq!(calls.counts()["square"], 5000);
}
