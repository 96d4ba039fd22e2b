//! What a run tells those who watch it: observers, streams of events, and a job's hooks.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use dynagraph::prelude::*;
use dynagraph::{
    Event, EventKind, Events, MetadataValue, Observer, RunReport, StepReport, StepStatus,
};
use tokio::time::sleep;

use crate::support::{FLAVORS, Flavor, Log, count, echo, ends, ignore, seen_panics, sum};

/// An event as text: what, of which step, and what belongs to it.
fn text(event: &Event) -> String {
    match &event.kind {
        EventKind::RunStart { job, .. } => format!("RunStart {job}"),
        EventKind::StepStart { step, attempt, .. } => format!("StepStart {step} {attempt}"),
        EventKind::StepEmit { step, output, key, .. } => format!("StepEmit {step} {output} {key}"),
        EventKind::StepProgress { step, done, total, .. } => {
            format!("StepProgress {step} {done}/{total}")
        }
        EventKind::StepSuccess { step, attempts, .. } => format!("StepSuccess {step} {attempts}"),
        EventKind::StepFailure { step, attempts, error, .. } => {
            format!("StepFailure {step} {attempts} {error}")
        }
        EventKind::StepSkipped { step, .. } => format!("StepSkipped {step}"),
        EventKind::StepUpstreamFailed { step, .. } => format!("StepUpstreamFailed {step}"),
        EventKind::StepCanceled { step, attempts, .. } => format!("StepCanceled {step} {attempts}"),
        EventKind::Missed { count, .. } => format!("Missed {count}"),
        EventKind::RunSuccess => "RunSuccess".to_owned(),
        EventKind::RunFailure { error, .. } => format!("RunFailure {error}"),
        EventKind::RunCanceled => "RunCanceled".to_owned(),
        kind => format!("{kind:?}"),
    }
}

fn writing(log: &Log) -> impl Observer + use<> {
    let log = log.clone();
    move |event: &Event| log.say(text(event))
}

async fn read(mut events: Events) -> Vec<String> {
    let mut read = Vec::new();
    while let Some(event) = events.next().await {
        read.push(text(&event));
    }
    read
}

/// Without the starts of steps.
fn but_starts(lines: Vec<String>) -> Vec<String> {
    lines.into_iter().filter(|line| !line.starts_with("StepStart")).collect()
}

#[op(inline)]
fn list(n: u64) -> Vec<DynamicOutput<u64>> {
    (0..n).map(|i| DynamicOutput::new(i, i)).collect()
}

#[op]
async fn emit(numbers: DynamicOut<u64>, n: u64) -> Result<(), OpError> {
    for i in 0..n {
        numbers.emit(i, i).await?;
    }
    Ok(())
}

#[op(inline)]
fn refuse_one(x: u64) -> Result<u64, &'static str> {
    if x == 1 { Err("no ones") } else { Ok(x) }
}

#[op(inline, optional)]
fn nothing() -> Option<u64> {
    None
}

#[op(inline)]
fn work(ctx: OpContext) -> u64 {
    ctx.progress(1, 2);
    7
}

#[op]
async fn hang() -> u64 {
    pending().await
}

#[job]
fn mixed() {
    list(2).map(|x| echo(refuse_one(x)));
    echo(nothing());
    work();
}

#[tokio::test]
async fn every_step_is_told_of_once_with_its_key() {
    let log = Log::default();
    let report = mixed().run().observe(writing(&log)).report().await;
    assert_eq!(report.status(), RunStatus::Failure);
    let mut lines = log.lines();
    assert_eq!(lines.first().map(String::as_str), Some("RunStart mixed"));
    let last = "RunFailure step `refuse_one[1]` failed: no ones";
    assert_eq!(lines.last().map(String::as_str), Some(last));
    lines.sort();
    let expected = [
        last,
        "RunStart mixed",
        "StepEmit list output 0",
        "StepEmit list output 1",
        "StepFailure refuse_one[1] 1 no ones",
        "StepProgress work 1/2",
        "StepSkipped echo_2",
        "StepStart echo[0] 1",
        "StepStart list 1",
        "StepStart nothing 1",
        "StepStart refuse_one[0] 1",
        "StepStart refuse_one[1] 1",
        "StepStart work 1",
        "StepSuccess echo[0] 1",
        "StepSuccess list 1",
        "StepSuccess nothing 1",
        "StepSuccess refuse_one[0] 1",
        "StepSuccess work 1",
        "StepUpstreamFailed echo[1]",
    ];
    assert_eq!(lines, expected);
}

#[job]
fn listed() -> OutputHandle<u64> {
    sum(list(1_000).map(echo).collect())
}

#[job]
fn emitted() -> OutputHandle<u64> {
    sum(emit(1_000).map(echo).collect())
}

#[test]
fn a_step_that_succeeds_at_once_has_two_events_and_a_third_for_an_emitted_key() {
    for (flavor, job) in FLAVORS.into_iter().zip([listed, emitted]) {
        let events = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&events);
        let observer = move |_: &Event| {
            counted.fetch_add(1, Ordering::Relaxed);
        };
        let total = ends(flavor, move || async move { job().run().observe(observer).await });
        assert_eq!(total.unwrap(), 499_500);
        let (run, steps, keys) = (2, 1_002, 1_000);
        assert_eq!(events.load(Ordering::Relaxed), run + 2 * steps + keys, "{flavor:?}");
    }
}

/// S6
#[test]
fn a_key_is_emitted_before_anything_is_told_of_its_copy() {
    for (flavor, job) in FLAVORS.into_iter().zip([listed, emitted]) {
        let log = Log::default();
        let observer = writing(&log);
        ends(flavor, move || async move { job().run().observe(observer).await }).unwrap();
        let lines = log.lines();
        let mut places = HashMap::new();
        for (place, line) in lines.iter().enumerate() {
            let mut words = line.split(' ');
            match (words.next(), words.next(), words.nth(1)) {
                (Some("StepEmit"), _, Some(key)) => {
                    places.insert(format!("echo[{key}]"), place);
                }
                (_, Some(step), _) if step.starts_with("echo[") => {
                    assert!(places.contains_key(step), "{line}");
                }
                _ => {}
            }
        }
        assert_eq!(places.len(), 1_000);
    }
}

#[job]
fn nested_and_unused() {
    list(2).flat_map(|x| list(x)).map(echo);
    ignore(list(2));
}

#[tokio::test]
async fn an_emission_names_the_step_that_emits_also_where_nothing_uses_the_key() {
    let log = Log::default();
    nested_and_unused().run().observe(writing(&log)).await.unwrap();
    let mut emissions = log.lines();
    emissions.retain(|line| line.starts_with("StepEmit"));
    emissions.sort();
    let expected = [
        "StepEmit list output 0",
        "StepEmit list output 1",
        "StepEmit list_2[1] output 0",
        "StepEmit list_3 output 0",
        "StepEmit list_3 output 1",
    ];
    assert_eq!(emissions, expected);
}

#[op(out(total, parts))]
fn split(n: u64) -> (u64, Vec<DynamicOutput<u64>>) {
    (n, (0..n).map(|i| DynamicOutput::new(i, i)).collect())
}

#[tokio::test]
async fn an_emission_names_its_output() {
    #[job]
    fn several() {
        let split = split(1);
        echo(split.total);
        split.parts.map(echo);
    }

    let log = Log::default();
    several().run().observe(writing(&log)).await.unwrap();
    assert!(log.lines().contains(&"StepEmit split parts 0".to_owned()), "{:?}", log.lines());
}

#[job]
fn long() -> OutputHandle<u64> {
    sum(list(10_000).map(echo).collect())
}

#[tokio::test]
async fn a_closure_is_told_of_events_and_a_started_run_is_awaited() {
    let told = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&told);
    let counting = long().run().on_event(move |event| {
        if let EventKind::StepSuccess { .. } = event.kind {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    assert_eq!(counting.start().await.unwrap(), 49_995_000);
    assert_eq!(told.load(Ordering::Relaxed), 10_002);
}

#[test]
fn a_stream_that_is_read_too_late_says_how_much_it_missed() {
    for flavor in FLAVORS {
        let told = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&told);
        let observer = move |_: &Event| {
            counted.fetch_add(1, Ordering::Relaxed);
        };
        let lines = ends(flavor, move || async move {
            let run = long().run().observe(observer).start();
            let events = run.events();
            assert_eq!(run.wait().await.output(), Some(&49_995_000));
            read(events).await
        });
        let told = told.load(Ordering::Relaxed);
        assert_eq!(lines.len(), 4_096 + 2);
        let missed = told - 4_096 - 1;
        assert_eq!(lines[0], "RunStart long");
        assert_eq!(lines[4_096..], [format!("Missed {missed}"), "RunSuccess".to_owned()]);
    }
}

#[tokio::test]
async fn a_reader_that_falls_behind_and_comes_back_has_lost_count_of_nothing() {
    let told = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&told);
    let observer = move |_: &Event| {
        counted.fetch_add(1, Ordering::Relaxed);
    };
    let run = long().run().observe(observer).start();
    let mut events = run.events();
    let (mut received, mut last) = (0, None);
    while let Some(event) = events.next().await {
        received += if let EventKind::Missed { count, .. } = event.kind { count } else { 1 };
        if received % 1_000 == 1 {
            sleep(Duration::from_millis(1)).await;
        }
        last = Some(event.kind);
    }
    assert_eq!(received, told.load(Ordering::Relaxed));
    assert!(matches!(last, Some(EventKind::RunSuccess)), "{last:?}");
    ignore(run.wait().await);
}

#[test]
fn a_run_whose_events_nobody_asks_for_comes_to_its_end() {
    for flavor in FLAVORS {
        ends(flavor, || async {
            let run = long().run().start();
            while !run.is_finished() {
                sleep(Duration::from_millis(1)).await;
            }
            assert_eq!(run.wait().await.status(), RunStatus::Success);
        });
    }
}

#[tokio::test]
async fn a_stream_that_is_dropped_early_is_forgotten() {
    let run = long().run().start();
    let (mut gone, kept) = (run.events(), run.events());
    assert_eq!(gone.next().await.as_ref().map(text).as_deref(), Some("RunStart long"));
    drop(gone);
    ignore(run.wait().await);
    assert_eq!(read(kept).await.last().map(String::as_str), Some("RunSuccess"));
}

#[tokio::test]
async fn two_readers_read_the_same() {
    let run = mixed().run().start();
    let (first, second) = (run.events(), run.events());
    ignore(run.wait().await);
    let (first, second) = (read(first).await, read(second).await);
    assert_eq!(first, second);
    assert_eq!(first[0], "RunStart mixed");
}

#[test]
fn who_asks_right_after_the_start_has_every_event() {
    for flavor in FLAVORS {
        ends(flavor, || async {
            for _ in 0..200 {
                let run = mixed().run().start();
                let lines = read(run.events()).await;
                assert_eq!(lines[0], "RunStart mixed");
                assert!(lines[lines.len() - 1].starts_with("RunFailure"), "{lines:?}");
                ignore(run.wait().await);
            }
        });
    }
}

#[tokio::test]
async fn after_the_run_a_stream_has_nothing() {
    let run = mixed().run().start();
    let first = run.events();
    assert!(!read(first).await.is_empty());
    assert!(read(run.events()).await.is_empty());
}

#[tokio::test]
async fn an_observer_that_panics_stops_nothing_and_is_not_called_again() {
    struct Bad(Log);
    impl Observer for Bad {
        fn on_event(&self, _event: &Event) {
            self.0.say("called");
            panic!("an observer, on purpose");
        }
    }

    seen_panics();
    let (bad, good) = (Log::default(), Log::default());
    let run = listed().run().observe(Bad(bad.clone())).observe(writing(&good));
    assert_eq!(run.await.unwrap(), 499_500);
    assert_eq!(bad.len(), 1);
    assert_eq!(good.lines().last().map(String::as_str), Some("RunSuccess"));
}

/// S24
#[tokio::test(start_paused = true)]
async fn what_a_failure_cancels_is_told_between_the_failure_and_the_end() {
    #[op]
    async fn fail_later() -> Result<u64, &'static str> {
        sleep(Duration::from_secs(1)).await;
        Err("too late")
    }

    #[job]
    fn doomed() {
        echo(hang());
        fail_later();
    }

    let log = Log::default();
    ignore(doomed().run().fail_fast(true).observe(writing(&log)).report().await);
    let mut lines = but_starts(log.lines());
    lines[2..4].sort();
    let expected = [
        "RunStart doomed",
        "StepFailure fail_later 1 too late",
        "StepCanceled echo 0",
        "StepCanceled hang 1",
        "RunFailure step `fail_later` failed: too late",
    ];
    assert_eq!(lines, expected);
}

/// S35
#[test]
fn the_stream_of_a_run_that_is_dropped_ends() {
    #[job]
    fn endless() {
        hang();
    }

    for flavor in FLAVORS {
        let lines = ends(flavor, || async {
            let run = endless().run().start();
            let mut events = run.events();
            assert_eq!(events.next().await.as_ref().map(text).as_deref(), Some("RunStart endless"));
            drop(run);
            read(events).await
        });
        assert_eq!(lines.last().map(String::as_str), Some("RunCanceled"));
    }
    let unbegun = ends(Flavor::CurrentThread, || async {
        let run = endless().run().start();
        let events = run.events();
        drop(run);
        read(events).await
    });
    assert_eq!(unbegun, ["RunCanceled"]);
}

#[op(inline)]
fn need(_number: Resource<u64>) {}

#[job]
fn needy() {
    need();
}

#[tokio::test]
async fn a_run_that_cannot_start_tells_its_failure_only() {
    let log = Log::default();
    ignore(needy().run().observe(writing(&log)).report().await);
    let failure = "RunFailure `need` asks for a `Resource<u64>`: \
                   give it with `run().resource(..)`";
    assert_eq!(log.lines(), [failure]);
}

#[test]
fn outside_a_runtime_a_run_tells_its_failure_only() {
    let run = listed().run().start();
    let events = run.events();
    let lines = ends(Flavor::CurrentThread, move || read(events));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("RunFailure a run needs a tokio runtime"), "{lines:?}");
}

/// The key of a step as a hook sees it.
fn noting(log: &Log) -> impl Fn(&StepReport) + use<> {
    let log = log.clone();
    move |step| {
        assert!(step.started().is_some() && step.duration().is_some());
        log.say(format!("{} {} {}", step.key(), step.status(), step.attempts()));
    }
}

#[tokio::test]
async fn hooks_are_called_after_the_steps_that_succeed_or_fail() {
    let (success, failure) = (Log::default(), Log::default());
    let job = mixed().on_success(noting(&success)).on_failure(noting(&failure));
    ignore(job.run().report().await);
    let sorted = |log: &Log| {
        let mut lines = log.lines();
        lines.sort();
        lines
    };
    let succeeded = [
        "echo[0] Success 1",
        "list Success 1",
        "nothing Success 1",
        "refuse_one[0] Success 1",
        "work Success 1",
    ];
    assert_eq!(sorted(&success), succeeded);
    assert_eq!(failure.lines(), ["refuse_one[1] Failure 1"]);
    ignore(job.clone().run().keep_steps(true).report().await);
    assert_eq!((success.len(), failure.len()), (10, 2));
}

#[tokio::test]
async fn a_hook_knows_why_a_step_failed() {
    let log = Log::default();
    let said = log.clone();
    let job = mixed().on_failure(move |step| {
        said.say(step.error().map(ToString::to_string).unwrap_or_default());
    });
    ignore(job.run().report().await);
    assert_eq!(log.lines(), ["no ones"]);
}

#[tokio::test]
async fn a_hook_that_panics_stops_nothing_and_is_not_called_again_in_that_run() {
    seen_panics();
    let (bad, good) = (Log::default(), Log::default());
    let called = bad.clone();
    let job = listed().on_success(move |_| {
        called.say("called");
        panic!("a hook, on purpose");
    });
    let job = job.on_success(noting(&good));
    for runs in 1..3 {
        assert_eq!(job.run().max_concurrent(1).await.unwrap(), 499_500);
        assert_eq!((bad.len(), good.len()), (runs, runs * 1_002));
    }
}

#[op]
async fn measured(ctx: OpContext) -> u64 {
    ctx.add_output_metadata("rows", 3_u64);
    ctx.add_output_metadata("source", "disk");
    3
}

#[tokio::test]
async fn what_an_op_says_of_its_outputs_is_in_its_event_its_hook_and_its_report() {
    #[job]
    fn measuring() -> OutputHandle<u64> {
        echo(measured())
    }

    let log = Log::default();
    let (from_event, from_hook) = (log.clone(), log.clone());
    let job = measuring().on_success(move |step| {
        from_hook.say(format!("hook {} {:?}", step.key(), step.metadata()));
    });
    let observer = move |event: &Event| {
        if let EventKind::StepSuccess { step, metadata, .. } = &event.kind {
            from_event.say(format!("event {step} {metadata:?}"));
        }
    };
    let report: RunReport<u64> = job.run().observe(observer).report().await;
    let said = [
        ("rows".to_owned(), MetadataValue::Int(3)),
        ("source".to_owned(), MetadataValue::Text("disk".to_owned())),
    ];
    let step = report.step("measured").expect("a step with metadata is kept");
    assert_eq!((step.metadata(), step.status()), (&said[..], StepStatus::Success));
    assert!(report.step("echo").is_none());
    let expected = [
        format!("event measured {said:?}"),
        format!("hook measured {said:?}"),
        "event echo []".to_owned(),
        "hook echo []".to_owned(),
    ];
    assert_eq!(log.lines(), expected);
}

#[tokio::test]
async fn a_job_runs_while_its_events_are_read() {
    let emitted = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&emitted);
    let run = sum_of_three().run().observe(move |event: &Event| {
        if matches!(event.kind, EventKind::StepEmit { .. }) {
            seen.store(true, Ordering::Relaxed);
        }
    });
    let run = run.start();
    let lines = but_starts(read(run.events()).await);
    assert_eq!(run.wait().await.output(), Some(&3));
    assert!(emitted.load(Ordering::Relaxed));
    assert_eq!(lines.len(), 2 + 3 + 5);
}

#[job]
fn sum_of_three() -> OutputHandle<u64> {
    sum(count(3).map(echo).collect())
}
