//! What a job is made of, run again without a call.

use dynagraph::prelude::*;
use dynagraph::store::MemoryStore;
use dynagraph::{Event, EventKind, StepStatus};

use super::{Calls, again_calls_nothing, session};
use crate::support::Log;

#[op]
fn numbers(ctx: OpContext, calls: Resource<Calls>, n: u64) -> Vec<DynamicOutput<u64>> {
    calls.say(&ctx);
    (0..n).map(|i| DynamicOutput::new(i * 10, i)).collect()
}

#[op]
async fn emits(
    ctx: OpContext,
    calls: Resource<Calls>,
    out: DynamicOut<u64>,
) -> Result<(), EmitError> {
    calls.say(&ctx);
    for i in 0..5 {
        out.emit(i, format!("k{i}")).await?;
    }
    Ok(())
}

#[op]
fn emits_blocking(
    ctx: OpContext,
    calls: Resource<Calls>,
    out: DynamicOut<u64>,
) -> Result<(), EmitError> {
    calls.say(&ctx);
    (0..5).try_for_each(|i| out.blocking_emit(i, i))
}

#[op]
async fn double(ctx: OpContext, calls: Resource<Calls>, x: u64) -> u64 {
    calls.say(&ctx);
    x * 2
}

#[op]
fn double_blocking(ctx: OpContext, calls: Resource<Calls>, x: u64) -> u64 {
    calls.say(&ctx);
    x * 2
}

#[op(pool = "slow")]
async fn limited(ctx: OpContext, calls: Resource<Calls>, x: u64) -> u64 {
    calls.say(&ctx);
    x + 1
}

#[op(inline)]
fn add(ctx: OpContext, calls: Resource<Calls>, a: u64, b: u64) -> u64 {
    calls.say(&ctx);
    a + b
}

#[op]
fn total(ctx: OpContext, calls: Resource<Calls>, xs: &[u64]) -> u64 {
    calls.say(&ctx);
    xs.iter().sum()
}

#[op]
async fn is_even(ctx: OpContext, calls: Resource<Calls>, x: &u64) -> bool {
    calls.say(&ctx);
    x.is_multiple_of(20)
}

#[op]
async fn joined(ctx: OpContext, calls: Resource<Calls>, pair: (u64, u64)) -> u64 {
    calls.say(&ctx);
    pair.0 * 100 + pair.1
}

#[op]
fn first_key(ctx: OpContext, calls: Resource<Calls>, all: Keyed<u64>) -> String {
    calls.say(&ctx);
    all.keys().next().map(ToString::to_string).unwrap_or_default()
}

#[op]
async fn fails_at(ctx: OpContext, calls: Resource<Calls>, x: u64) -> Result<u64, String> {
    calls.say(&ctx);
    if x == 10 { Err("no".to_owned()) } else { Ok(x) }
}

#[op]
fn complete(ctx: OpContext, calls: Resource<Calls>, all: Partial<u64>) -> (u64, usize) {
    calls.say(&ctx);
    (all.values.values().sum(), all.failed.len())
}

#[op(out(small, parts, large: optional))]
fn several(
    ctx: OpContext,
    calls: Resource<Calls>,
) -> (u64, Vec<DynamicOutput<String>>, Option<u64>) {
    calls.say(&ctx);
    (1, ["a", "b"].map(|key| DynamicOutput::new(key.to_owned(), key)).into(), None)
}

#[op(optional)]
async fn odd(ctx: OpContext, calls: Resource<Calls>, x: u64) -> Option<u64> {
    calls.say(&ctx);
    (!x.is_multiple_of(20)).then_some(x)
}

#[op]
fn length(ctx: OpContext, calls: Resource<Calls>, text: &str) -> usize {
    calls.say(&ctx);
    text.len()
}

#[tokio::test(start_paused = true)]
async fn plain_steps_and_mapped_ones() {
    again_calls_nothing(&Job::compose("plain", || {
        let sum = total(numbers(5).map(double).map(double_blocking).collect());
        add(sum, 7)
    }))
    .await;
    again_calls_nothing(&Job::compose("blocking", || numbers(5).map(double_blocking))).await;
}

#[tokio::test(start_paused = true)]
async fn emitted_keys() {
    again_calls_nothing(&Job::compose("emitted", || {
        (emits().map(double), emits_blocking().map(double_blocking), emits().alias("alone"))
    }))
    .await;
}

#[tokio::test(start_paused = true)]
async fn nested_maps_and_flat_maps() {
    again_calls_nothing(&Job::compose("nested", || {
        let product = numbers(3).map(|x| emits().map(|y| add(x, y)));
        let flat = numbers(4).flat_map(numbers).map(double);
        (product.flatten(), total(flat.collect()))
    }))
    .await;
}

#[tokio::test(start_paused = true)]
async fn folds_filters_zips_and_batches() {
    again_calls_nothing(&Job::compose("gathered", || {
        let (all, others) = (numbers(6), numbers(6));
        let zipped = all.map(double).zip(others.map(double_blocking)).map(joined);
        let batched = all.filter(is_even).batch(2).map(total);
        (all.fold(0, add), zipped, batched, first_key(all.map(double).collect_keyed()))
    }))
    .await;
}

#[tokio::test(start_paused = true)]
async fn several_outputs_and_optional_ones() {
    again_calls_nothing(&Job::compose("several", || {
        let outs = several();
        double(outs.large);
        (
            add(outs.small, 1),
            outs.parts.map(length),
            total(numbers(5).map(odd).map(double).collect()),
        )
    }))
    .await;
}

/// S16: what failed and was tolerated is tried again.
#[tokio::test(start_paused = true)]
async fn partial_collects_try_again_only_what_failed() {
    let job = Job::compose("partial", || {
        complete(numbers(4).map(fails_at).collect_partial(Tolerance::count(1)))
    });
    let store = MemoryStore::new();
    let (first, _) = session(job.run().store(store.clone())).await;
    assert_eq!(first.output(), Some(&(50, 1)));
    let (again, calls) = session(job.run().store(store).resume_last()).await;
    assert_eq!(again.output(), Some(&(50, 1)));
    assert_eq!(calls.list(), ["fails_at[1]"]);
    assert_eq!(again.count("complete", StepStatus::Cached), 1);
}

/// A step that is not run waits for no slot, and takes no turn of a rate.
#[tokio::test(start_paused = true)]
async fn limits_are_for_what_runs() {
    let job = Job::compose("limited", || total(numbers(10).map(limited).collect()));
    let store = MemoryStore::new();
    let limited = || job.run().rate("slow", 1, per_minute).store(store.clone());
    let (first, _) = session(limited()).await;
    assert!(first.duration() >= mins(9));
    let (again, calls) = session(limited().resume_last()).await;
    assert_eq!(calls.list(), [""; 0]);
    assert!(again.duration() < secs(1));
}

/// S37
#[tokio::test(start_paused = true)]
async fn a_cached_step_is_counted_and_told_of_but_not_started() {
    let job = Job::compose("told", || total(numbers(2).map(double).collect()));
    let store = MemoryStore::new();
    session(job.run().store(store.clone())).await;
    let (told, log) = (Log::default(), Log::default());
    let telling = log.clone();
    let run = job.run().store(store).resume_last().on_event(move |event: &Event| {
        telling.say(match &event.kind {
            EventKind::StepCached { step, .. } => format!("cached {step}"),
            EventKind::StepEmit { step, key, .. } => format!("{step} emits {key}"),
            EventKind::StepStart { .. } | EventKind::StepSuccess { .. } => "started".to_owned(),
            _ => return,
        });
    });
    let hooks = told.clone();
    let (report, _) = session(run).await;
    let mut lines = log.lines();
    lines.sort();
    let cached = ["cached double[0]", "cached double[1]", "cached numbers", "cached total"];
    assert_eq!(lines[..4], cached);
    assert_eq!(lines[4..], ["numbers emits 0", "numbers emits 1"]);
    assert_eq!(report.count("double", StepStatus::Cached), 2);
    assert_eq!(report.count("double", StepStatus::Success), 0);
    assert_eq!(report.steps().len(), 0);
    assert_eq!(hooks.len(), 0);
}
