//! S7, and what must not depend on it: copies that start in an order drawn from a seed.

use std::collections::BTreeSet;
use std::time::Duration;

use dynagraph::prelude::*;
use dynagraph::{Event, EventKind, Run, RunReport};
use tokio::time::{sleep, timeout};

use super::{SECOND, joined};
use crate::support::{FLAVORS, Flavor, Log, add, count, echo, ends, steps, sum};

#[op]
async fn note(log: Resource<Log>, ctx: OpContext, x: u64) -> u64 {
    log.say(ctx.step_key().to_string());
    x
}

#[op]
fn note_blocking(log: Resource<Log>, ctx: OpContext, x: u64) -> u64 {
    log.say(ctx.step_key().to_string());
    x
}

/// Takes a while, so that the next key is taken while it does.
#[op]
async fn note_slowly(log: Resource<Log>, ctx: OpContext, x: u64) -> u64 {
    log.say(ctx.step_key().to_string());
    sleep(SECOND).await;
    x
}

#[op]
async fn emit(n: u64, out: DynamicOut<u64>) -> Result<(), OpError> {
    for i in 0..n {
        out.emit(i, i).await?;
    }
    Ok(())
}

async fn order<T: Send + 'static>(run: Run<T>) -> Vec<String> {
    let log = Log::default();
    let report = run.resource(log.clone()).max_concurrent(1).keep_steps(true).report().await;
    assert!(report.error().is_none(), "{:?}", report.error());
    in_emission_order(&report);
    log.lines()
}

fn in_emission_order<T>(report: &RunReport<T>) {
    let steps = report.steps().filter(|step| step.op().starts_with("note"));
    let paths: Vec<_> = steps.map(|step| (step.node(), step.path().keys())).collect();
    let numbers = paths.iter().map(|(node, path)| {
        let path = path.iter().map(|key| key.as_str().parse::<u64>().expect("a number"));
        (*node, path.collect::<Vec<_>>())
    });
    assert!(numbers.is_sorted(), "{paths:?}");
}

#[job]
fn flat() -> OutputHandle<u64> {
    sum(count(30).map(note).collect())
}

#[job]
fn blocking() -> OutputHandle<u64> {
    sum(count(30).map(note_blocking).collect())
}

#[job]
fn emitted() -> OutputHandle<u64> {
    sum(emit(30).window(8).map(note_slowly).collect())
}

#[job]
fn nested() -> OutputHandle<Vec<Vec<u64>>> {
    both(
        count(5)
            .map(|x| {
                let inner = emit(note(x)).map(|y| note_slowly(plus(x, y)));
                inner.collect()
            })
            .collect(),
    )
}

#[op(inline)]
fn plus(a: u64, b: u64) -> u64 {
    a + b
}

#[op]
fn both(lists: Vec<Vec<u64>>) -> Vec<Vec<u64>> {
    lists
}

/// S7
#[tokio::test(start_paused = true)]
async fn copies_start_in_the_order_of_emission_unless_shuffled() {
    let in_order: Vec<_> = (0..30).map(|i| format!("note[{i}]")).collect();
    assert_eq!(order(flat().run()).await, in_order);
    assert_ne!(order(flat().run().shuffle(1)).await, in_order);
}

#[tokio::test(start_paused = true)]
async fn one_seed_gives_one_order() {
    assert_seeded(|| flat().run()).await;
    assert_seeded(|| blocking().run()).await;
    assert_seeded(|| emitted().run()).await;
    assert_seeded(|| nested().run()).await;
}

async fn assert_seeded<T: Send + 'static>(run: impl Fn() -> Run<T>) {
    let first = order(run().shuffle(1)).await;
    assert_eq!(first, order(run().shuffle(1)).await);
    let other = order(run().shuffle(2)).await;
    assert_ne!(first, other);
    let all = |order: Vec<String>| order.into_iter().collect::<BTreeSet<_>>();
    assert_eq!(all(first), all(other));
}

/// S11
#[tokio::test(start_paused = true)]
async fn only_what_is_in_the_window_is_shuffled() {
    #[job]
    fn narrow() {
        count(50).window(4).map(note_slowly);
    }
    let order = order(narrow().run().shuffle(3)).await;
    let keys: Vec<usize> = order
        .iter()
        .map(|key| key.trim_start_matches("note_slowly[").trim_end_matches(']').parse().unwrap())
        .collect();
    // Every key is taken when at most four are emitted and not finished.
    assert!(keys.iter().enumerate().all(|(place, key)| *key < place + 4), "{keys:?}");
    assert!(!keys.is_sorted(), "{keys:?}");
}

#[op]
fn is_odd(x: &u64) -> bool {
    x % 2 == 1
}

#[op]
fn pair(pair: (u64, u64)) -> u64 {
    100 * pair.0 + pair.1
}

#[op]
fn digits(all: String, x: u64) -> String {
    format!("{all},{x}")
}

#[op]
fn as_text(lists: Vec<Vec<u64>>, pairs: Vec<u64>, folded: String, shares: Vec<u64>) -> String {
    format!("{lists:?} {pairs:?} {folded} {shares:?}")
}

#[op]
async fn napping(x: u64) -> u64 {
    sleep(Duration::from_millis(x * 7 % 5)).await;
    x
}

#[job]
fn mixed() -> OutputHandle<String> {
    let numbers = count(17).window(5);
    let napped = numbers.map(napping);
    let odd = emit(23).filter(is_odd).map(echo);
    let batches = odd.batch(3).map(all);
    let zipped = napped.zip(emit(17).alias("right").map(napping)).map(pair);
    let folded = napped.map(echo).fold(String::new(), |all, x| digits(all, napping(x)));
    let shares = numbers.map(|x| add(napping(x), sum(napped.collect())));
    let nested = count(4).flat_map(|x| emit(x).map(|y| napping(add(x, y))));
    nested.map(echo);
    as_text(batches.collect(), zipped.collect(), folded, shares.collect())
}

#[op]
fn all(numbers: Vec<u64>) -> Vec<u64> {
    numbers
}

/// S12, S39
#[tokio::test(start_paused = true)]
async fn a_shuffled_run_gives_the_same() {
    let job = mixed();
    let expected = job.run().keep_steps(true).report().await;
    assert!(expected.output().is_some(), "{:?}", expected.error());
    for seed in 0..200 {
        let limit = if seed % 3 == 0 { 1 } else { 64 };
        let run = job.run().max_concurrent(limit).shuffle(seed).keep_steps(true);
        let report = timeout(3_600 * SECOND, run.report()).await.expect("an end");
        assert_eq!(report.output(), expected.output(), "seed {seed}");
        assert_eq!(steps(&report), steps(&expected), "seed {seed}");
    }
}

/// S39
#[test]
fn a_shuffled_run_gives_the_same_on_several_workers() {
    let expected = ends(Flavor::CurrentThread, || mixed().run().into_future()).unwrap();
    for seed in 0..20 {
        let run = move || mixed().run().shuffle(seed).into_future();
        assert_eq!(ends(Flavor::MultiThread, run).unwrap(), expected);
    }
}

#[op]
fn racy(log: Resource<Log>, x: u64) -> String {
    log.say("one more");
    format!("{x} came as number {}", log.len())
}

/// What `shuffle` is for.
#[tokio::test]
async fn a_job_that_depends_on_who_starts_first_is_found_out() {
    #[job]
    fn racing() -> OutputHandle<String> {
        joined(count(10).map(racy).collect())
    }
    let gave =
        async |run: Run<String>| run.resource(Log::default()).max_concurrent(1).await.unwrap();
    let expected = gave(racing().run()).await;
    let mut found = false;
    for seed in 0..5 {
        found |= gave(racing().run().shuffle(seed)).await != expected;
    }
    assert!(found);
}

/// S34
#[test]
fn what_is_read_in_order_holds_no_copy_back_that_starts_late() {
    #[op]
    async fn emits_many(numbers: DynamicOut<u64>, from: u64) -> Result<(), OpError> {
        for n in 0..50 {
            numbers.emit(from + n, n).await?;
        }
        Ok(())
    }
    #[job]
    fn read_in_order() -> OutputHandle<u64> {
        let inner = count(5).max_concurrent(1).map(|x| emits_many(x).window(1));
        inner.flatten().fold(0, add)
    }
    for (flavor, seed) in FLAVORS.into_iter().flat_map(|f| (0..5).map(move |seed| (f, seed))) {
        let sum =
            ends(flavor, move || async move { read_in_order().run().shuffle(seed).await.unwrap() });
        assert_eq!(sum, 5 * (49 * 50 / 2) + 50 * 10);
    }
}

#[tokio::test]
async fn every_key_is_told_in_a_shuffled_run_too() {
    #[job]
    fn listed() -> OutputHandle<u64> {
        sum(count(20).map(echo).collect())
    }
    let log = Log::default();
    let told = log.clone();
    let run = listed().run().shuffle(3).observe(move |event: &Event| {
        if let EventKind::StepEmit { key, .. } = &event.kind {
            told.say(key.as_str());
        }
    });
    assert_eq!(run.await.unwrap(), 190);
    assert_eq!(log.len(), 20);
}
