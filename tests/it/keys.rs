//! S1 to S5: mapping keys, and the names of steps.

use dynagraph::prelude::*;
use dynagraph::{EmitError, KeyError, RunReport, RunStatus, StepError, StepReport, StepStatus};
use futures::{Stream, stream};

use crate::support::{add, count, echo, keys_of, steps, sum};

/// How an op gives its dynamic output.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    List,
    Emit,
    BlockingEmit,
    Stream,
    Iterator,
}

const WAYS: [Way; 5] = [Way::List, Way::Emit, Way::BlockingEmit, Way::Stream, Way::Iterator];

fn outputs(keys: Vec<String>) -> impl Iterator<Item = DynamicOutput<u64>> + Send {
    (0..).zip(keys).map(|(place, key)| DynamicOutput::new(place, key))
}

#[op]
fn listed(keys: Vec<String>) -> Vec<DynamicOutput<u64>> {
    outputs(keys).collect()
}

#[op]
async fn emitted(keys: Vec<String>, output: DynamicOut<u64>) -> Result<(), OpError> {
    for (place, key) in (0..).zip(keys) {
        output.emit(place, key).await?;
    }
    Ok(())
}

#[op]
fn blocking_emitted(keys: Vec<String>, output: DynamicOut<u64>) -> Result<(), EmitError> {
    for (place, key) in (0..).zip(keys) {
        output.blocking_emit(place, key)?;
    }
    Ok(())
}

#[op]
fn streamed(keys: Vec<String>) -> impl Stream<Item = DynamicOutput<u64>> {
    stream::iter(outputs(keys))
}

#[op]
fn iterated(keys: Vec<String>) -> impl Iterator<Item = DynamicOutput<u64>> {
    outputs(keys)
}

#[job]
fn giving(way: Way, keys: Vec<String>) -> OutputHandle<u64> {
    let values = match way {
        Way::List => listed(keys),
        Way::Emit => emitted(keys),
        Way::BlockingEmit => blocking_emitted(keys),
        Way::Stream => streamed(keys),
        Way::Iterator => iterated(keys),
    };
    sum(values.alias("give").map(echo).collect())
}

async fn give(way: Way, keys: &[&str]) -> RunReport<u64> {
    let keys = keys.iter().map(|&key| key.to_owned()).collect();
    giving(way, keys).run().keep_steps(true).report().await
}

/// The error of the only step that failed, which is the producer.
#[track_caller]
fn broken_rule(report: &RunReport<u64>) -> EmitError {
    assert_eq!(report.status(), RunStatus::Failure);
    assert_eq!(keys_of(report, StepStatus::Failure), ["give"]);
    assert_eq!(report.step("sum").map(StepReport::status), Some(StepStatus::UpstreamFailed));
    match report.failures().next().and_then(StepReport::error) {
        Some(StepError::Emit(error)) => error.clone(),
        other => panic!("the step failed of {other:?}"),
    }
}

/// S1
#[tokio::test]
async fn a_bad_key_fails_the_producing_step_and_is_named() {
    let long = "k".repeat(1_025);
    let wide = "é".repeat(513);
    let bad = ["", "a\nb", "\0", "tab\t", "\u{7f}", "next\u{85}line", long.as_str(), wide.as_str()];
    for way in WAYS {
        for bad in bad {
            let report = give(way, &["good", bad, "later"]).await;
            let error = broken_rule(&report);
            let EmitError::BadKey { output, key, reason, .. } = &error else {
                panic!("{way:?}, {bad:?}: {error:?}")
            };
            assert_eq!((*output, key.as_str()), ("output", bad));
            match *reason {
                KeyError::Empty => assert_eq!(bad, ""),
                KeyError::TooLong { len } => assert_eq!(bad.len(), len),
                KeyError::Control { character, at } => {
                    assert_eq!(bad.get(at..).and_then(|rest| rest.chars().next()), Some(character));
                    assert!(character.is_control());
                }
                _ => panic!("{reason:?}"),
            }
            let printed = report.error().unwrap().to_string();
            assert!(printed.contains(&format!("{bad:?}")), "{printed}");
            assert_eq!(report.step("echo[later]").map(StepReport::status), None);
        }
    }
}

/// S1
#[tokio::test]
async fn any_other_text_is_a_key() {
    let (long, wide) = ("k".repeat(1_024), "é".repeat(512));
    let good = ["a b", " ", "../x", "日本/[x]", "100%", "*?", "-0", "007", &long, &wide];
    for way in WAYS {
        let report = give(way, &good).await;
        assert_eq!(report.output(), Some(&45), "{way:?}: {:?}", report.error());
        assert_eq!(report.count("echo", StepStatus::Success), good.len());
    }
}

#[op]
async fn careless(output: DynamicOut<u64>) {
    assert!(output.emit(0, "good").await.is_ok());
    assert!(output.emit(1, "").await.is_err());
    assert!(output.emit(2, "good").await.is_err());
    assert!(output.emit(3, "last").await.is_ok());
}

#[op]
fn blocking_careless(output: DynamicOut<u64>) {
    assert!(output.blocking_emit(0, "good").is_ok());
    assert!(output.blocking_emit(1, "").is_err());
    assert!(output.blocking_emit(2, "good").is_err());
    assert!(output.blocking_emit(3, "last").is_ok());
}

#[job]
fn ignoring(blocking: bool) -> OutputHandle<u64> {
    let values = if blocking { blocking_careless() } else { careless() };
    sum(values.alias("give").map(echo).collect())
}

/// S1: the first broken rule is the step's error.
#[tokio::test]
async fn a_step_that_ignores_the_error_of_emit_fails_all_the_same() {
    for blocking in [false, true] {
        let report = ignoring(blocking).run().keep_steps(true).report().await;
        assert!(matches!(broken_rule(&report), EmitError::BadKey { key, .. } if key == ""));
        assert_eq!(keys_of(&report, StepStatus::Success), ["echo[good]", "echo[last]"]);
    }
}

/// S2
#[tokio::test]
async fn a_key_emitted_twice_fails_the_producing_step_and_is_named() {
    for way in WAYS {
        for doubled in [["a", "b", "a"], ["7", "8", "7"], ["é/x", "b", "é/x"]] {
            let report = give(way, &doubled).await;
            let error = broken_rule(&report);
            let EmitError::DuplicateKey { output, key, .. } = &error else {
                panic!("{way:?}: {error:?}")
            };
            assert_eq!((*output, key.as_str()), ("output", doubled[0]));
            let printed = report.error().unwrap().to_string();
            assert!(printed.contains("`output`") && printed.contains(doubled[0]), "{printed}");
        }
    }
}

/// S2
#[tokio::test]
async fn keys_differ_when_their_text_does() {
    for way in WAYS {
        let report = give(way, &["a", "A", "7", "07", "a ", "+7", "-7"]).await;
        assert_eq!(report.output(), Some(&21), "{way:?}: {:?}", report.error());
    }
}

#[op]
async fn integer_and_text(output: DynamicOut<u64>) -> Result<(), EmitError> {
    output.emit(0, 7).await?;
    output.emit(0, "7").await
}

#[op]
async fn one_key_on_two(left: DynamicOut<u64>, right: DynamicOut<u64>) -> Result<(), EmitError> {
    for key in ["a", "b"] {
        left.emit(1, key).await?;
        right.emit(2, key).await?;
    }
    Ok(())
}

#[op]
async fn doubled_on_the_second(
    left: DynamicOut<u64>,
    right: DynamicOut<u64>,
) -> Result<(), EmitError> {
    left.emit(1, "a").await?;
    right.emit(2, "a").await?;
    right.emit(2, "a").await
}

#[job]
fn two_outputs() -> (DynamicHandle<u64>, DynamicHandle<u64>) {
    one_key_on_two().into()
}

#[job]
fn doubling_the_second() -> (DynamicHandle<u64>, DynamicHandle<u64>) {
    doubled_on_the_second().into()
}

#[job]
fn doubling_an_integer() -> DynamicHandle<u64> {
    integer_and_text()
}

/// S2
#[tokio::test]
async fn a_key_is_counted_for_each_output() {
    let (left, right) = two_outputs().run().await.unwrap();
    assert_eq!((left["a"], right["a"], left.len(), right.len()), (1, 2, 2, 2));
    let error = doubling_the_second().run().await.unwrap_err().to_string();
    assert!(error.contains("`right`") && error.contains("\"a\""), "{error}");
    let error = doubling_an_integer().run().await.unwrap_err().to_string();
    assert!(error.contains("\"7\" twice"), "{error}");
}

#[op]
fn where_am_i(at: OpContext, x: u64) -> (String, Vec<MappingKey>) {
    let _ = x;
    (at.step_key().to_string(), at.mapping_keys())
}

#[job]
fn located() -> (DynamicHandle<u64>, DynamicHandle<(String, Vec<MappingKey>)>) {
    let keys = vec!["eu/west".to_owned(), "[%*?]".to_owned()];
    let plain = echo(3);
    let outer = listed(keys).map(echo).map(echo);
    let places = outer.flat_map(|x| count(2).map(|y| where_am_i(add(x, y))));
    (outer.map(|x| add(x, plain)), places)
}

/// S3
#[tokio::test]
async fn a_steps_key_is_its_node_and_the_keys_around_it() {
    let report = located().run().keep_steps(true).report().await;
    let expected = [
        "echo",
        "listed",
        "echo_2[eu%2Fwest]",
        "echo_2[%5B%25%2A%3F%5D]",
        "echo_3[eu%2Fwest]",
        "echo_3[%5B%25%2A%3F%5D]",
        "count",
        "add[eu%2Fwest/0]",
        "add[eu%2Fwest/1]",
        "add[%5B%25%2A%3F%5D/0]",
        "add[%5B%25%2A%3F%5D/1]",
        "where_am_i[eu%2Fwest/0]",
        "where_am_i[eu%2Fwest/1]",
        "where_am_i[%5B%25%2A%3F%5D/0]",
        "where_am_i[%5B%25%2A%3F%5D/1]",
        "add_2[eu%2Fwest]",
        "add_2[%5B%25%2A%3F%5D]",
    ];
    assert_eq!(keys_of(&report, StepStatus::Success), expected);
    let (outer, places) = report.into_result().unwrap();
    assert_eq!(outer.keys().map(MappingKey::as_str).collect::<Vec<_>>(), ["eu/west", "[%*?]"]);
    let (step, keys) = &places["%5B%25%2A%3F%5D/1"];
    assert_eq!(step, "where_am_i[%5B%25%2A%3F%5D/1]");
    assert_eq!(*keys, [MappingKey::from("[%*?]"), MappingKey::from(1)]);
}

#[job]
fn numbered() {
    echo(1);
    let _ = echo(2).alias("clean");
    echo(3);
    count(1).map(|x| {
        let y = echo(x).alias("dirty");
        echo(y)
    });
    echo(4);
}

/// S4: an aliased use of an op takes no number.
#[tokio::test]
async fn later_uses_of_an_op_are_numbered() {
    let report = numbered().run().keep_steps(true).report().await;
    let expected = ["echo", "clean", "echo_2", "count", "dirty[0]", "echo_3[0]", "echo_4"];
    assert_eq!(keys_of(&report, StepStatus::Success), expected);
    assert!(report.steps().filter(|step| step.node() != "count").all(|step| step.op() == "echo"));
}

#[job]
fn outside_although_inside() -> (DynamicHandle<u64>, DynamicHandle<u64>) {
    count(3).map(|x| {
        let one = echo(1);
        let two = echo(one);
        (add(x, two), two)
    })
}

/// S5
#[tokio::test]
async fn an_op_in_a_map_that_does_not_need_the_argument_runs_once_outside() {
    let report = outside_although_inside().run().keep_steps(true).report().await;
    let expected = ["count", "echo", "echo_2", "add[0]", "add[1]", "add[2]"];
    assert_eq!(keys_of(&report, StepStatus::Success), expected);
    let (sums, same) = report.output().unwrap();
    assert_eq!(sums.values().collect::<Vec<_>>(), [&1, &2, &3]);
    // The handle that does not depend on the argument gives its value for every key.
    assert_eq!(same.keys().map(MappingKey::as_str).collect::<Vec<_>>(), ["0", "1", "2"]);
    assert_eq!(same.values().collect::<Vec<_>>(), [&1, &1, &1]);
}

#[job]
fn two_scopes() {
    count(2).map(|x| {
        count(3).map(|y| {
            let of_both = add(x, y);
            let of_outer = echo(x);
            let of_inner = echo(y).alias("inner");
            add(of_both, add(of_outer, of_inner));
        });
    });
}

/// S5: an op runs in the deepest scope that it depends on, and a map's scope is nested where it is written.
#[tokio::test]
async fn an_op_runs_in_the_deepest_scope_that_it_depends_on() {
    let report = two_scopes().run().keep_steps(true).report().await;
    let steps = steps(&report);
    let of = |node: &str| steps.iter().filter(|step| step.starts_with(node)).count();
    assert_eq!(of("add["), 6);
    assert_eq!(of("echo["), 2);
    assert_eq!(of("inner["), 6);
    assert_eq!(of("add_2["), 6);
    assert_eq!(of("add_3["), 6);
}
