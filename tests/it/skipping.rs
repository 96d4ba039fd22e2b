//! S17 to S20: what is skipped, and what is not.

use dynagraph::prelude::*;
use dynagraph::{RunError, RunStatus, StepReport, StepStatus};

use crate::support::{FLAVORS, add, count, echo, ends, keys_of, steps, sum};

#[op(optional)]
fn even(x: u64) -> Option<u64> {
    x.is_multiple_of(2).then_some(x)
}

#[op(optional)]
async fn even_or_error(x: u64) -> Result<Option<u64>, String> {
    if x == 99 { Err("ninety-nine".to_owned()) } else { Ok(even::call(x)) }
}

/// Not optional: the value is an `Option`.
#[op]
fn maybe(x: u64) -> Option<u64> {
    even::call(x)
}

#[op]
fn is_none(x: Option<u64>) -> bool {
    x.is_none()
}

#[job]
fn chain(x: u64, fallible: bool) -> OutputHandle<u64> {
    let first = if fallible { even_or_error(x) } else { even(x) };
    add(echo(echo(first)), 1)
}

/// S17
#[tokio::test]
async fn nothing_skips_the_steps_below_and_the_run_succeeds() {
    for (fallible, first) in [(false, "even"), (true, "even_or_error")] {
        let report = chain(3, fallible).run().keep_steps(true).report().await;
        assert_eq!(report.status(), RunStatus::Success);
        assert_eq!(keys_of(&report, StepStatus::Success), [first]);
        assert_eq!(keys_of(&report, StepStatus::Skipped), ["echo", "echo_2", "add"]);
        assert_eq!(report.step("echo").map(StepReport::attempts), Some(0));
        assert!(report.error().is_none() && report.output().is_none());
        assert!(matches!(report.into_result(), Err(RunError::Skipped)));
        assert_eq!(chain(4, fallible).run().await.unwrap(), 5);
    }
}

#[job]
fn option_value(x: u64) -> OutputHandle<bool> {
    is_none(maybe(x))
}

/// S17
#[tokio::test]
async fn without_optional_nothing_is_a_value() {
    assert!(option_value(3).run().await.unwrap());
    assert!(!option_value(4).run().await.unwrap());
}

/// The rest of the run goes on, and does not need the skipped value.
#[job]
fn beside() -> OutputHandle<u64> {
    echo(even(1));
    add(1, 2)
}

/// S17
#[tokio::test]
async fn what_does_not_need_the_skipped_value_runs() {
    assert_eq!(beside().run().await.unwrap(), 3);
}

#[job]
fn after_a_skip(x: u64) -> OutputHandle<u64> {
    echo(7).after(even(x))
}

/// S17
#[tokio::test]
async fn an_op_after_a_skipped_one_is_skipped() {
    assert_eq!(after_a_skip(2).run().await.unwrap(), 7);
    assert!(matches!(after_a_skip(1).run().await, Err(RunError::Skipped)));
}

#[op(out(small: optional, large: optional))]
fn route(x: u64) -> (Option<u64>, Option<String>) {
    if x < 10 { (Some(x), None) } else { (None, Some(x.to_string())) }
}

#[op(out(all, odd: optional, list))]
async fn mixed(x: u64) -> Result<(u64, Option<u64>, Vec<DynamicOutput<u64>>), OpError> {
    Ok((x, (!x.is_multiple_of(2)).then_some(x), count::call(x)))
}

#[op]
fn digits(text: &str) -> u64 {
    text.len() as u64
}

#[job]
fn routed(x: u64) {
    let outs = route(x);
    let _ = echo(outs.small).alias("small");
    digits(outs.large);
}

/// S18
#[tokio::test]
async fn optional_outputs_route() {
    let report = routed(5).run().keep_steps(true).report().await;
    assert_eq!(steps(&report), ["route Success", "small Success", "digits Skipped"]);
    let report = routed(500).run().keep_steps(true).report().await;
    assert_eq!(steps(&report), ["route Success", "small Skipped", "digits Success"]);
}

#[job]
fn mixing(x: u64) -> (OutputHandle<u64>, OutputHandle<u64>) {
    let outs = mixed(x);
    echo(outs.odd);
    (outs.all, sum(outs.list.collect()))
}

/// S18
#[tokio::test]
async fn an_optional_output_stands_beside_others() {
    let report = mixing(4).run().report().await;
    assert_eq!(steps(&report), ["echo Skipped"]);
    assert_eq!(report.output(), Some(&(4, 6)));
    assert_eq!(mixing(3).run().report().await.count("echo", StepStatus::Success), 1);
}

type Collected = (
    OutputHandle<Vec<u64>>,
    OutputHandle<Keyed<u64>>,
    OutputHandle<u64>,
    OutputHandle<u64>,
    DynamicHandle<u64>,
);

#[job]
fn collected(values: Vec<u64>) -> Collected {
    let evens = spread(values).map(even).map(echo);
    let list = evens.collect();
    (list, evens.collect_keyed(), sum(list), evens.fold(100, add), evens)
}

#[op]
fn spread(values: Vec<u64>) -> Vec<DynamicOutput<u64>> {
    values.into_iter().map(|value| DynamicOutput::new(value, value)).collect()
}

/// S19
#[tokio::test]
async fn a_collect_leaves_the_skipped_out_and_keeps_the_order() {
    let report = collected(vec![4, 3, 2, 1, 6]).run().report().await;
    let skipped = ["echo[3] Skipped", "echo[1] Skipped", "add[3] Skipped", "add[1] Skipped"];
    assert_eq!(steps(&report), skipped);
    let (list, keyed, sum, folded, output) = report.into_result().unwrap();
    let expected: Keyed<u64> = [(4, 4), (2, 2), (6, 6)].into_iter().collect();
    assert_eq!((list, sum, folded), (vec![4, 2, 6], 12, 112));
    assert_eq!((&keyed, &output), (&expected, &expected));
}

/// S19
#[tokio::test]
async fn a_collect_of_skipped_copies_only_is_an_empty_list() {
    let report = collected(vec![1, 3]).run().report().await;
    assert_eq!(report.count("sum", StepStatus::Success), 1);
    let (list, keyed, sum, folded, output) = report.into_result().unwrap();
    assert_eq!((list, sum, folded), (vec![], 0, 100));
    assert!(keyed.is_empty() && output.is_empty());
}

#[job]
fn skipped_producer(x: u64) -> (OutputHandle<u64>, OutputHandle<u64>, OutputHandle<u64>) {
    let values = count(even(x)).map(echo);
    let nested = values.map(|x| count(x).map(echo)).flatten();
    (sum(values.collect()), nested.fold(0, add), values.fold(0, add))
}

/// S20
#[tokio::test]
async fn a_skipped_producer_opens_no_fan_out_and_its_collects_are_skipped() {
    let report = skipped_producer(3).run().keep_steps(true).report().await;
    assert_eq!(report.status(), RunStatus::Success);
    assert_eq!(keys_of(&report, StepStatus::Success), ["even"]);
    assert_eq!(keys_of(&report, StepStatus::Skipped), ["count", "sum"]);
    for node in ["echo", "count_2", "echo_2", "add", "add_2"] {
        for status in [StepStatus::Success, StepStatus::Skipped, StepStatus::UpstreamFailed] {
            assert_eq!(report.count(node, status), 0, "{node} {status}");
        }
    }
    assert!(report.output().is_none());
    assert_eq!(skipped_producer(4).run().await.unwrap(), (6, 4, 6));
}

#[job]
fn some_producers_skipped() -> (OutputHandle<Vec<Vec<u64>>>, OutputHandle<Vec<u64>>) {
    let nested = count(5).map(|x| count(even(x)).map(echo));
    (nested.collect(), nested.flatten().collect())
}

/// S19, S20
#[tokio::test]
async fn an_outer_collect_leaves_the_skipped_inner_ones_out() {
    let (lists, flat) = some_producers_skipped().run().await.unwrap();
    assert_eq!(lists, [vec![], vec![0, 1], vec![0, 1, 2, 3]]);
    assert_eq!(flat, [0, 1, 0, 1, 2, 3]);
}

#[job]
fn failing_and_skipped() -> OutputHandle<u64> {
    let skipped = even(1);
    let failed = even_or_error(99);
    add(echo(skipped), failed)
}

/// S22: failure wins over skip.
#[tokio::test]
async fn a_step_below_a_failed_and_a_skipped_one_is_upstream_failed() {
    let report = failing_and_skipped().run().report().await;
    let expected = ["even_or_error Failure", "echo Skipped", "add UpstreamFailed"];
    assert_eq!(steps(&report), expected);
    assert_eq!(report.status(), RunStatus::Failure);
}

/// Comes later than the keys that need it, if at all.
#[op(optional)]
async fn late(x: u64) -> Result<Option<u64>, String> {
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    even_or_error::call(x).await
}

#[job]
fn read_from_outside(x: u64) -> OutputHandle<u64> {
    let outside = late(x);
    sum(count(20).map(|x| plus(plus(plus(x, outside), outside), x)).collect())
}

#[op]
async fn plus(a: u64, b: u64) -> u64 {
    a + b
}

/// S10, S17, S22
#[test]
fn what_a_chain_reads_of_the_outside_may_come_late_or_not_at_all() {
    for flavor in FLAVORS {
        for (x, status, output) in [
            (10, StepStatus::Success, Some(2 * 190 + 20 * 20)),
            (1, StepStatus::Skipped, Some(0)),
            (99, StepStatus::UpstreamFailed, None),
        ] {
            let report = ends(flavor, move || async move {
                read_from_outside(x).run().max_concurrent(4).report().await
            });
            assert_eq!(report.output().copied(), output, "{flavor:?}");
            for node in ["plus", "plus_2", "plus_3"] {
                assert_eq!(report.count(node, status), 20, "{node}, {flavor:?}");
            }
        }
    }
}
