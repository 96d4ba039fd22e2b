//! S12 to S15: collects wait for everything, keep the order, and combine freely.

use std::time::Duration;

use dynagraph::prelude::*;
use dynagraph::{RunStatus, StepStatus};
use tokio::time::sleep;

use crate::support::{FLAVORS, Gauge, Log, add, count, echo, ends, second, steps, sum};

/// Ends the later, the smaller its input.
#[op]
async fn last_comes_first(log: Resource<Log>, x: u64) -> u64 {
    sleep(Duration::from_secs(100 - x)).await;
    log.say(x.to_string());
    x
}

#[job]
fn reversed() -> (OutputHandle<Vec<u64>>, OutputHandle<Keyed<u64>>, DynamicHandle<u64>) {
    let slow = count(10).map(last_comes_first);
    (slow.collect(), slow.collect_keyed(), slow)
}

/// S12
#[tokio::test(start_paused = true)]
async fn values_are_collected_in_the_order_of_emission_whatever_ends_first() {
    let log = Log::default();
    let (list, keyed, output) = reversed().run().resource(log.clone()).await.unwrap();
    let expected: Vec<u64> = (0..10).collect();
    let ended: Vec<_> = expected.iter().rev().map(ToString::to_string).collect();
    assert_eq!(log.lines(), ended);
    assert_eq!(list, expected);
    assert_eq!(keyed, expected.iter().map(|i| (*i, *i)).collect());
    assert_eq!(output, keyed);
}

/// Gives the keys `a` and `b` only, in descending order.
#[op]
fn b_then_a() -> Vec<DynamicOutput<u64>> {
    vec![DynamicOutput::new(20, "b"), DynamicOutput::new(10, "a")]
}

type Nested = OutputHandle<Vec<Vec<u64>>>;
type NestedKeyed = OutputHandle<Keyed<Keyed<u64>>>;

#[job]
fn nested() -> (Nested, OutputHandle<Vec<u64>>, NestedKeyed, OutputHandle<Keyed<u64>>) {
    let values = b_then_a().map(|x| count(2).map(|y| last_comes_first(add(x, y))));
    (
        values.collect(),
        values.flatten().collect(),
        values.collect_keyed(),
        values.flatten().collect_keyed(),
    )
}

/// S12
#[tokio::test(start_paused = true)]
async fn a_nested_collect_gives_lists_of_lists_and_a_flattened_one_the_outer_order_first() {
    let output = nested().run().resource(Log::default()).await.unwrap();
    let (lists, flat, keyed, flat_keyed) = output;
    assert_eq!(lists, [[20, 21], [10, 11]]);
    assert_eq!(flat, [20, 21, 10, 11]);
    assert_eq!(keyed["b"]["1"], 21);
    assert_eq!(keyed["a"].values().collect::<Vec<_>>(), [&10, &11]);
    let keys: Vec<_> = flat_keyed.keys().map(MappingKey::as_str).collect();
    assert_eq!(keys, ["b/0", "b/1", "a/0", "a/1"]);
    assert_eq!(flat_keyed["a/1"], 11);
}

#[job]
fn reused() -> OutputHandle<Vec<u64>> {
    let values = count(3);
    let mapped = values.map(echo);
    let again = values.map(|x| add(x, 100));
    let of_both = mapped.map(|x| add(x, 1000));
    sum(values.collect());
    gather(
        sum(mapped.collect()),
        sum(mapped.collect()),
        sum(again.collect()),
        sum(of_both.collect()),
        sum(values.collect()),
    )
}

#[op]
fn gather(a: u64, b: u64, c: u64, d: u64, e: u64) -> Vec<u64> {
    vec![a, b, c, d, e]
}

/// S13
#[tokio::test]
async fn a_handle_is_mapped_and_collected_any_number_of_times() {
    let report = reused().run().report().await;
    assert_eq!(report.count("echo", StepStatus::Success), 3);
    assert_eq!(report.into_result().unwrap(), [3, 3, 303, 3003, 3]);
}

#[op]
async fn logged(log: Resource<Log>, name: String, x: u64) -> u64 {
    sleep(Duration::from_secs(x + 1)).await;
    log.say(name);
    x
}

#[job]
fn barrier() {
    let first = count(3).map(|x| logged("first", x));
    let all = first.collect();
    // Depends on no value of the barrier.
    let _ = logged("second", 0).after(all);
    let third = count(2).after(second_of(all));
    third.map(|x| logged("third", x));
}

#[op]
async fn second_of(all: Vec<u64>) -> u64 {
    sleep(Duration::from_secs(60)).await;
    all.into_iter().nth(1).unwrap_or_default()
}

/// S14
#[tokio::test(start_paused = true)]
async fn an_op_runs_after_a_collect_that_it_does_not_take() {
    let log = Log::default();
    barrier().run().resource(log.clone()).await.unwrap();
    assert_eq!(log.lines(), ["first", "first", "first", "second", "third", "third"]);
}

#[op]
fn spread(values: Vec<u64>) -> Vec<DynamicOutput<u64>> {
    values.into_iter().map(|value| DynamicOutput::new(value * 2, value)).collect()
}

#[job]
fn combined() -> (OutputHandle<Vec<u64>>, OutputHandle<Vec<u64>>, OutputHandle<Vec<u64>>) {
    let values = count(4).map(echo);
    let doubled = spread(values.collect()).map(echo);
    // Each value beside the sum of all of the same handle.
    let shares = values.map(|x| add(x, sum(values.collect())));
    // The same, of a collect that is made inside for each copy again.
    let inner = values.map(|x| sum(values.map(|y| add(x, y)).collect()));
    (doubled.collect(), shares.collect(), inner.collect())
}

/// S14, S34
#[test]
fn a_collect_feeds_another_fan_out_and_the_copies_of_the_same_handle() {
    for flavor in FLAVORS {
        for limit in [1, 2, 100] {
            let output = ends(flavor, move || async move {
                combined().run().max_concurrent(limit).await.unwrap()
            });
            let expected = (vec![0, 2, 4, 6], vec![6, 7, 8, 9], vec![6, 10, 14, 18]);
            assert_eq!(output, expected);
        }
    }
}

#[op]
async fn ending(ended: Resource<Log>, x: u64) -> Result<u64, OpError> {
    sleep(Duration::from_secs(x % 7)).await;
    ended.say("");
    if x == 13 { Err("unlucky".into()) } else { Ok(x) }
}

#[op]
fn ended_before(ended: Resource<Log>, values: Vec<u64>) -> usize {
    drop(values);
    ended.len()
}

#[job]
fn waiting_for_all(n: u64) -> OutputHandle<usize> {
    ended_before(count(n).map(ending).collect())
}

/// S15
#[tokio::test(start_paused = true)]
async fn a_collect_is_there_when_every_copy_ended() {
    let log = Log::default();
    assert_eq!(waiting_for_all(12).run().resource(log).await.unwrap(), 12);

    let report = waiting_for_all(1_000).run().resource(Log::default()).report().await;
    assert_eq!(report.status(), RunStatus::Failure);
    assert_eq!(report.count("ending", StepStatus::Success), 999);
    assert_eq!(steps(&report), ["ending[13] Failure", "ended_before UpstreamFailed"]);
}

#[op]
async fn emit_then_wait(out: DynamicOut<u64>) -> Result<(), OpError> {
    out.emit(1, "only").await?;
    sleep(Duration::from_secs(60)).await;
    out.emit(2, "late").await?;
    Ok(())
}

#[job]
fn late_key() -> OutputHandle<u64> {
    sum(emit_then_wait().map(echo).collect())
}

/// S15
#[tokio::test(start_paused = true)]
async fn a_collect_waits_for_a_producer_whose_keys_have_all_ended() {
    assert_eq!(late_key().run().await.unwrap(), 3);
}

#[op]
async fn inside(gauge: Resource<Gauge>, x: u64) -> u64 {
    let _inside = gauge.enter();
    sleep(Duration::from_secs(1)).await;
    x
}

#[job]
fn barrier_inside_copies() -> OutputHandle<Vec<u64>> {
    let of_copy = count(2).map(|x| {
        let all = count(add(x, 2)).map(inside).collect();
        second(sum(all), add(sum(all), x))
    });
    of_copy.collect()
}

/// S14
#[tokio::test(start_paused = true)]
async fn each_copy_has_a_collect_of_its_own() {
    let output = barrier_inside_copies().run().resource(Gauge::default()).await.unwrap();
    assert_eq!(output, [1, 4]);
}
