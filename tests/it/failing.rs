//! S21 to S26: a step that fails takes down what needs it, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{fmt, io};

use dynagraph::prelude::*;
use dynagraph::{RunError, RunReport, RunStatus, StepError, StepReport, StepStatus};
use tokio::time::sleep;

use crate::support::{FLAVORS, Log, add, count, echo, ends, keys_of, seen_panics, steps, sum};

#[derive(Debug)]
struct Outer(io::Error);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot read the page")
    }
}

impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[op]
async fn with_source() -> Result<u64, Outer> {
    Err(Outer(io::Error::other("the disk is gone")))
}

#[op]
fn with_io() -> io::Result<u64> {
    Err(io::Error::new(io::ErrorKind::NotFound, "no such page"))
}

#[op]
async fn with_string() -> Result<u64, String> {
    Err("a string".to_owned())
}

#[op]
fn with_str() -> Result<u64, &'static str> {
    Err("a str")
}

#[op]
async fn with_anyhow() -> anyhow::Result<u64> {
    Err(anyhow::Error::new(io::Error::other("the cause")).context("the context"))
}

#[op(inline)]
fn with_op_error() -> Result<u64, OpError> {
    let number: u64 = "x".parse()?;
    Ok(number)
}

#[job]
fn every_kind_of_error() {
    for error in
        [with_source(), with_io(), with_string(), with_str(), with_anyhow(), with_op_error()]
    {
        echo(error);
    }
}

/// S21
#[tokio::test]
async fn an_op_fails_with_any_error() {
    let report = every_kind_of_error().run().report().await;
    assert_eq!(report.count("echo_6", StepStatus::UpstreamFailed), 1);
    let message = |step: &str| {
        let error = report.step(step).and_then(StepReport::error);
        let Some(StepError::Op(error)) = error else { panic!("{step}: {error:?}") };
        (error, error.to_string())
    };
    let (error, text) = message("with_source");
    assert_eq!(text, "cannot read the page: the disk is gone");
    assert!(error.downcast_ref::<Outer>().is_some());
    let (error, text) = message("with_io");
    assert_eq!(text, "no such page");
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    assert_eq!(kind, Some(io::ErrorKind::NotFound));
    assert_eq!(message("with_string").1, "a string");
    assert_eq!(message("with_str").1, "a str");
    assert_eq!(message("with_anyhow").1, "the context: the cause");
    assert_eq!(message("with_op_error").1, "invalid digit found in string");
}

#[op]
async fn fail_if_odd(x: u64) -> Result<u64, String> {
    sleep(Duration::from_secs(x)).await;
    if x.is_multiple_of(2) { Ok(x) } else { Err(format!("{x} is odd")) }
}

#[job]
fn half_fails() -> OutputHandle<u64> {
    let mapped = count(5).map(fail_if_odd).map(echo);
    add(10, 20);
    add(sum(mapped.collect()), mapped.fold(0, add))
}

/// S22
#[tokio::test(start_paused = true)]
async fn other_copies_and_unrelated_steps_run_on() {
    let report = half_fails().run().keep_steps(true).report().await;
    assert_eq!(report.status(), RunStatus::Failure);
    assert_eq!(keys_of(&report, StepStatus::Failure), ["fail_if_odd[1]", "fail_if_odd[3]"]);
    let upstream_failed = keys_of(&report, StepStatus::UpstreamFailed);
    let collected: Vec<_> =
        upstream_failed.into_iter().filter(|key| !key.starts_with("add_2[")).collect();
    assert_eq!(collected, ["echo[1]", "echo[3]", "sum", "add_3"]);
    assert_eq!(report.step("add").map(StepReport::status), Some(StepStatus::Success));
    assert_eq!(report.count("echo", StepStatus::Success), 3);
    assert!(report.output().is_none());
}

#[job]
fn all_fail() {
    count(100_000).map(fail_alike);
}

#[op(inline)]
fn fail_alike(x: u64) -> Result<u64, OpError> {
    let _ = x;
    Err("the server is gone".into())
}

/// S23
#[tokio::test]
async fn equal_failures_print_as_one_line() {
    let report = all_fail().run().report().await;
    assert_eq!(report.failures().count(), 100_000);
    let Some(error @ RunError::Failed(failures)) = report.error() else { panic!("{report:?}") };
    assert_eq!((failures.steps().len(), failures.groups().len()), (100_000, 1));
    for printed in [error.to_string(), format!("{error:?}")] {
        assert!(printed.lines().count() <= 2 && printed.len() < 300, "{printed}");
        for part in ["100000", "fail_alike", "the server is gone", "fail_alike[0]"] {
            assert!(printed.contains(part), "{printed}");
        }
    }
}

#[op]
async fn fail_by_tens(x: u64) -> Result<u64, String> {
    Err(format!("cause {}", x / 10))
}

#[job]
fn many_causes(n: u64) {
    count(n).map(fail_by_tens);
    let _ = fail_by_tens(7).alias("alone");
}

/// S23
#[tokio::test]
async fn failures_are_grouped_by_op_and_cause_and_all_steps_are_named() {
    let report = many_causes(1_000).run().report().await;
    let Some(error @ RunError::Failed(failures)) = report.error() else { panic!("{report:?}") };
    let groups = failures.groups();
    assert_eq!(groups.len(), 101);
    assert_eq!((groups[3].0.as_str(), groups[3].1.len()), ("cause 3", 10));
    let keys: Vec<_> = groups[3].1.iter().map(|step| step.key()).collect();
    assert_eq!((keys[0], keys[9]), ("fail_by_tens[30]", "fail_by_tens[39]"));
    assert_eq!(failures.steps().last().map(StepReport::key), Some("alone"));
    assert!(error.to_string().lines().count() <= 24, "{error}");
}

#[op]
async fn fail_in_two_ways(x: u64) -> Result<u64, String> {
    Err(format!("gone{}", if x.is_multiple_of(3) { " for good" } else { "" }))
}

#[job]
fn causes_that_begin_alike() {
    count(30).map(fail_in_two_ways);
}

/// S23
#[tokio::test]
async fn a_cause_is_not_that_which_it_begins_with() {
    let report = causes_that_begin_alike().run().report().await;
    let Some(error @ RunError::Failed(failures)) = report.error() else { panic!("{report:?}") };
    let [(one, for_good), (other, gone)] = &failures.groups()[..] else { panic!("{error}") };
    assert_eq!((one.as_str(), other.as_str()), ("gone for good", "gone"));
    assert_eq!((for_good.len(), gone.len()), (10, 20));
    let keys: Vec<_> = gone.iter().take(3).map(|step| step.key()).collect();
    assert_eq!(keys, ["fail_in_two_ways[1]", "fail_in_two_ways[2]", "fail_in_two_ways[4]"]);
    let last = "20 of `fail_in_two_ways`: gone (fail_in_two_ways[1], fail_in_two_ways[2], ";
    assert!(error.to_string().contains(last), "{error}");
}

#[op]
async fn fail_in_rows(x: u64) -> Result<u64, String> {
    match x % 100 {
        0..10 => Ok(x),
        10..60 => Err("in a row".to_owned()),
        60..80 => Err(format!("apart: {x}")),
        _ => Err("in another row".to_owned()),
    }
}

#[job]
fn rows(n: u64) -> OutputHandle<u64> {
    sum(count(n).map(fail_in_rows).map(echo).map(|x| add(x, x)).collect())
}

/// S22, S23, S37
#[tokio::test]
async fn every_step_that_fails_as_the_one_before_it_is_reported() {
    let n = 1_000;
    let report = rows(n).run().report().await;
    assert_eq!(report.count("fail_in_rows", StepStatus::Failure), 900);
    let told: Vec<_> = report.steps().map(|step| (step.key(), step.status())).collect();
    let fail: Vec<_> = (0..n).filter(|x| x % 100 >= 10).collect();
    let of = |node: &str| fail.iter().map(|x| format!("{node}[{x}]")).collect::<Vec<_>>();
    let keys: Vec<_> = told.iter().map(|(key, _)| key).collect();
    let nodes = ["fail_in_rows", "echo", "add"].map(of).concat();
    assert_eq!(keys[..2_700], nodes.iter().collect::<Vec<_>>());
    assert_eq!(told[2_700..], [("sum", StepStatus::UpstreamFailed)]);
    assert!(told[900..].iter().all(|(_, status)| *status == StepStatus::UpstreamFailed));
    for (step, x) in report.failures().zip(fail) {
        let error = step.error().unwrap().to_string();
        assert_eq!((error, step.attempts()), (fail_in_rows::call(x).await.unwrap_err(), 1));
    }
    let Some(RunError::Failed(failures)) = report.error() else { panic!("{report:?}") };
    let groups = failures.groups();
    assert_eq!((groups[0].1.len(), groups.len()), (500, 2 + 200));
}

#[op]
async fn fail_sometimes(x: u64) -> Result<u64, String> {
    if x % 7 < 3 { Err(format!("no {x}")) } else { Ok(x) }
}

#[job]
fn some_fail() -> OutputHandle<u64> {
    sum(count(1_000).map(echo).map(fail_sometimes).map(echo).collect())
}

/// S22, S37
#[test]
fn steps_that_fail_are_reported_alike_whether_anybody_is_told_of_them_or_not() {
    fn all<T>(report: &RunReport<T>) -> Vec<(String, StepStatus, u32, Option<String>)> {
        let all = report.steps().map(|step| {
            let error = step.error().map(ToString::to_string);
            (step.key().to_owned(), step.status(), step.attempts(), error)
        });
        all.collect()
    }
    for flavor in FLAVORS {
        let (plain, told) = ends(flavor, || async {
            let told = some_fail().on_failure(|_| {}).run();
            (all(&some_fail().run().report().await), all(&told.report().await))
        });
        assert_eq!(plain.len(), 2 * 429 + 1);
        assert_eq!(plain, told);
        let failed: Vec<_> = (0..1_000).filter(|x| x % 7 < 3).collect();
        for (x, step) in failed.iter().zip(&plain) {
            let key = format!("fail_sometimes[{x}]");
            assert_eq!(step, &(key, StepStatus::Failure, 1, Some(format!("no {x}"))));
        }
        for (x, step) in failed.iter().zip(&plain[failed.len()..]) {
            let key = format!("echo_2[{x}]");
            assert_eq!(step, &(key, StepStatus::UpstreamFailed, 0, None));
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Dropped(Log);

struct SayOnDrop(Log);

impl Drop for SayOnDrop {
    fn drop(&mut self) {
        self.0.say("dropped");
    }
}

#[op]
async fn fail_or_wait(
    dropped: Resource<Dropped>,
    log: Resource<Log>,
    x: u64,
) -> Result<u64, OpError> {
    log.say(x.to_string());
    let _say = SayOnDrop(dropped.0.clone());
    sleep(Duration::from_secs(if x == 0 { 1 } else { 1_000_000 })).await;
    log.say("woke");
    Err("the first".into())
}

#[job]
fn failing_first() -> OutputHandle<u64> {
    let values = count(1_000).map(fail_or_wait).map(echo);
    sum(values.collect())
}

/// S24
#[tokio::test(start_paused = true)]
async fn fail_fast_cancels_what_runs_and_starts_nothing_new() {
    let (log, dropped) = (Log::default(), Dropped::default());
    let run = failing_first().run().fail_fast(true).max_concurrent(3);
    let report = run.resource(log.clone()).resource(dropped.clone()).report().await;
    assert_eq!(report.status(), RunStatus::Failure);
    assert_eq!(log.lines(), ["0", "1", "2", "woke"]);
    assert_eq!(dropped.0.len(), 3);
    assert_eq!(keys_of(&report, StepStatus::Failure), ["fail_or_wait[0]"]);
    let canceled = report.steps().filter(|step| step.status() == StepStatus::Canceled);
    let (ran, waited): (Vec<_>, Vec<_>) = canceled.partition(|step| step.attempts() > 0);
    let ran: Vec<_> = ran.into_iter().map(StepReport::key).collect();
    assert_eq!(ran, ["fail_or_wait[1]", "fail_or_wait[2]"]);
    assert!(waited.into_iter().all(|step| step.key() == "sum"));
    assert_eq!(report.count("echo", StepStatus::Success), 0);
    assert!(report.error().unwrap().to_string().contains("the first"));
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Ends {
    Error,
    Panic,
}

#[op]
async fn emit_then_end(ends: Ends, out: DynamicOut<u64>) -> Result<(), OpError> {
    for i in 0..3 {
        out.emit(i, i).await?;
    }
    if ends == Ends::Panic {
        panic!("after three keys on purpose")
    }
    Err("after three keys".into())
}

#[op]
fn block_then_end(ends: Ends, out: DynamicOut<u64>) -> Result<(), OpError> {
    for i in 0..3 {
        out.blocking_emit(i, i)?;
    }
    if ends == Ends::Panic {
        panic!("after three keys on purpose")
    }
    Err("after three keys".into())
}

#[op]
async fn slow(x: u64) -> u64 {
    sleep(Duration::from_secs(10)).await;
    x
}

#[job]
fn failing_producer(blocking: bool, ends: Ends) -> (OutputHandle<u64>, DynamicHandle<u64>) {
    let values = if blocking { block_then_end(ends) } else { emit_then_end(ends) };
    let values = values.alias("produce").map(slow).map(echo);
    (sum(values.collect()), values)
}

/// S25
#[tokio::test(start_paused = true)]
async fn copies_of_a_producer_that_fails_end_as_they_would() {
    seen_panics();
    for (blocking, ends) in
        [(false, Ends::Error), (false, Ends::Panic), (true, Ends::Error), (true, Ends::Panic)]
    {
        let report = failing_producer(blocking, ends).run().report().await;
        assert_eq!(steps(&report), ["produce Failure", "sum UpstreamFailed"]);
        assert_eq!(report.count("echo", StepStatus::Success), 3, "{blocking}, {ends:?}");
        assert_eq!(report.status(), RunStatus::Failure);
    }
}

#[derive(Debug, Default)]
struct Runs(AtomicUsize);

#[op]
async fn fail_in_the_first_run(runs: Resource<Arc<Runs>>, x: u64) -> Result<u64, OpError> {
    if runs.0.load(Ordering::SeqCst) > 0 {
        return Ok(x);
    }
    if x == 1 { panic!("in the first run on purpose") } else { Err("in the first run".into()) }
}

#[job]
fn failing_at_first() -> OutputHandle<u64> {
    sum(count(50).map(fail_in_the_first_run).collect())
}

/// S26
#[test]
fn a_failed_run_does_not_poison_a_later_one() {
    seen_panics();
    for flavor in FLAVORS {
        ends(flavor, || async {
            let (job, runs) = (failing_at_first(), Arc::<Runs>::default());
            let report = job.run().resource(Arc::clone(&runs)).report().await;
            assert_eq!(report.failures().count(), 50);
            runs.0.store(1, Ordering::SeqCst);
            for fail_fast in [true, false] {
                let run = job.run().resource(Arc::clone(&runs)).fail_fast(fail_fast);
                assert_eq!(run.await.unwrap(), 1_225);
            }
        });
    }
}
