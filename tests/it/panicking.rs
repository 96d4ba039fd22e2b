//! S21, S26: what panics takes down its step, and nothing else.

use std::sync::Arc;
use std::time::Duration;
use std::{fmt, panic, thread};

use dynagraph::prelude::*;
use dynagraph::{RunStatus, StepError, StepReport, StepStatus};

use crate::support::{FLAVORS, Gauge, count, echo, ends, keys_of, seen_panics, sum};

#[derive(Debug, Clone, Copy)]
enum Payload {
    Str,
    Text,
    Other,
}

fn panic_with(payload: Payload) -> u64 {
    match payload {
        Payload::Str => panic!("a str on purpose"),
        Payload::Text => panic!("a {} on purpose", "string"),
        Payload::Other => panic::resume_unwind(Box::new(42_u8)),
    }
}

#[op]
async fn panic_async(payload: Payload) -> u64 {
    tokio::task::yield_now().await;
    panic_with(payload)
}

#[op]
fn panic_blocking(payload: Payload) -> u64 {
    panic_with(payload)
}

#[op(inline)]
fn panic_inline(payload: Payload) -> u64 {
    panic_with(payload)
}

#[op]
fn panic_iterator(payload: Payload) -> impl Iterator<Item = DynamicOutput<u64>> {
    (0..3).map(move |i| {
        let value = if i == 1 { panic_with(payload) } else { i };
        DynamicOutput::new(value, i)
    })
}

#[job]
fn panicking(payload: Payload) {
    for panicked in [panic_async(payload), panic_blocking(payload), panic_inline(payload)] {
        echo(panicked);
    }
    echo(sum(panic_iterator(payload).map(echo).collect()));
}

/// S21, S26: the process lives on, and another run of the same job does the same.
#[tokio::test]
async fn a_panic_fails_its_step_and_its_message_is_kept() {
    seen_panics();
    let ops = ["panic_async", "panic_blocking", "panic_inline", "panic_iterator"];
    for payload in [Payload::Str, Payload::Text, Payload::Other] {
        let job = panicking(payload);
        for _ in 0..2 {
            let report = job.run().report().await;
            assert_eq!(keys_of(&report, StepStatus::Failure), ops);
            assert_eq!(report.count("echo_5", StepStatus::UpstreamFailed), 1);
            for step in report.failures() {
                let Some(StepError::Panicked(message)) = step.error() else { panic!("{step:?}") };
                match payload {
                    Payload::Str => assert_eq!(message, "a str on purpose"),
                    Payload::Text => assert_eq!(message, "a string on purpose"),
                    Payload::Other => assert!(!message.is_empty()),
                }
            }
        }
    }
}

#[op]
async fn panic_once() -> u64 {
    panic!("exactly once on purpose")
}

#[job]
fn panicking_once() -> OutputHandle<u64> {
    echo(panic_once())
}

/// S21
#[tokio::test]
async fn a_panic_is_reported_to_the_hook_once() {
    let seen = seen_panics();
    let error = panicking_once().run().await.unwrap_err();
    assert!(error.to_string().contains("exactly once on purpose"), "{error}");
    let seen = seen.lock().unwrap();
    assert_eq!(seen.iter().filter(|message| message.contains("exactly once")).count(), 1);
}

#[derive(Debug)]
struct PanicsWhenCloned;

impl Clone for PanicsWhenCloned {
    fn clone(&self) -> Self {
        panic!("while cloning on purpose")
    }
}

#[op]
fn make() -> PanicsWhenCloned {
    PanicsWhenCloned
}

#[op]
fn own(value: PanicsWhenCloned) -> u64 {
    let _ = value;
    1
}

#[job]
fn cloning() -> (OutputHandle<u64>, OutputHandle<u64>) {
    let value = make();
    (own(value), own(value))
}

/// S21, S26
#[tokio::test]
async fn a_value_that_panics_when_cloned_fails_the_step_that_takes_it() {
    seen_panics();
    let report = cloning().run().report().await;
    assert_eq!(report.status(), RunStatus::Failure);
    // The second use is the last, unless the first still holds the value.
    assert!((1..=2).contains(&report.failures().count()));
    assert!(report.failures().all(|step| matches!(
        step.error(),
        Some(StepError::Panicked(message)) if message == "while cloning on purpose"
    )));
}

/// Panics when it is dropped, if it is told to.
#[derive(Debug, Clone)]
struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic!("while dropping on purpose")
        }
    }
}

#[op]
fn droppable(x: u64) -> Arc<PanicsWhenDropped> {
    let _ = x;
    Arc::new(PanicsWhenDropped)
}

#[job]
fn dropping_panics() -> OutputHandle<u64> {
    count(3).map(droppable);
    echo(5)
}

/// S26
#[test]
fn a_value_that_panics_when_dropped_fails_nothing() {
    seen_panics();
    for flavor in FLAVORS {
        let report = ends(flavor, || async { dropping_panics().run().report().await });
        // The value belongs to no step any more.
        assert_eq!(report.count("droppable", StepStatus::Success), 3);
        assert_eq!(report.output(), Some(&5), "{:?}", report.error());
    }
}

#[op]
fn uncloneable(x: u64) -> PanicsWhenCloned {
    let _ = x;
    PanicsWhenCloned
}

#[op]
fn count_uncloneable(values: &[PanicsWhenCloned]) -> usize {
    values.len()
}

#[job]
fn collecting_uncloneable(times: usize) {
    let values = count(3).map(uncloneable);
    for _ in 0..times {
        count_uncloneable(values.collect());
    }
}

/// S13, S26: whoever collects last need not clone.
#[test]
fn a_value_that_panics_when_cloned_is_collected_once_and_not_twice() {
    seen_panics();
    for flavor in FLAVORS {
        let once = ends(flavor, || async { collecting_uncloneable(1).run().report().await });
        assert_eq!(once.status(), RunStatus::Success);
        let twice = ends(flavor, || async { collecting_uncloneable(2).run().report().await });
        assert!(matches!(twice.error(), Some(RunError::Internal { .. })), "{:?}", twice.error());
    }
}

#[op]
fn droppable_or_not(x: u64) -> Result<Arc<PanicsWhenDropped>, &'static str> {
    if x == 1 { Err("one on purpose") } else { Ok(Arc::new(PanicsWhenDropped)) }
}

#[op]
fn count_droppable(values: &[Arc<PanicsWhenDropped>]) -> usize {
    values.len()
}

#[job]
fn losing_droppable() -> (OutputHandle<usize>, OutputHandle<u64>) {
    let values = count(5).map(droppable_or_not);
    (count_droppable(values.collect()), echo(5))
}

/// S22, S26
#[test]
fn collected_values_that_panic_when_dropped_fail_nothing() {
    seen_panics();
    for flavor in FLAVORS {
        let report = ends(flavor, || async { losing_droppable().run().report().await });
        assert_eq!(keys_of(&report, StepStatus::Failure), ["droppable_or_not[1]"]);
        assert_eq!(report.count("count_droppable", StepStatus::UpstreamFailed), 1);
        assert_eq!(report.count("echo", StepStatus::Success), 1);
    }
}

/// An error whose text panics.
#[derive(Debug)]
struct PanicsWhenPrinted;

impl fmt::Display for PanicsWhenPrinted {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("while printing on purpose")
    }
}

impl std::error::Error for PanicsWhenPrinted {}

#[op]
async fn unprintable() -> Result<u64, PanicsWhenPrinted> {
    Err(PanicsWhenPrinted)
}

#[job]
fn failing_unprintably() -> OutputHandle<u64> {
    unprintable()
}

/// S26
#[tokio::test]
async fn the_text_of_an_error_is_not_asked_for_by_the_run() {
    seen_panics();
    let report = failing_unprintably().run().report().await;
    assert_eq!(keys_of(&report, StepStatus::Failure), ["unprintable"]);
    let error = report.failures().next().and_then(StepReport::error);
    let Some(StepError::Op(error)) = error else { panic!("{error:?}") };
    assert!(error.downcast_ref::<PanicsWhenPrinted>().is_some());
}

/// Never ends, and what it holds panics when it is dropped.
#[op]
async fn hold_on(begun: Resource<Gauge>, x: u64) -> u64 {
    let _held = PanicsWhenDropped;
    std::mem::forget(begun.enter());
    std::future::pending::<()>().await;
    x
}

#[job]
fn holding_on() -> OutputHandle<u64> {
    hold_on(9).alias("alone");
    sum(count(4).map(|x| echo(hold_on(x))).collect())
}

/// S26, S35
#[test]
fn futures_that_panic_when_they_are_aborted_are_no_fault() {
    seen_panics();
    for flavor in FLAVORS {
        let report = ends(flavor, || async {
            let begun = Gauge::default();
            let run = holding_on().run().resource(begun.clone()).grace(Duration::ZERO).start();
            while begun.now() < 5 {
                tokio::task::yield_now().await;
            }
            run.cancel();
            run.wait().await
        });
        assert_eq!(report.status(), RunStatus::Canceled, "{:?}", report.error());
        assert_eq!(report.count("hold_on", StepStatus::Canceled), 4);
        assert_eq!(report.count("alone", StepStatus::Canceled), 1);
    }
}
