//! S27 to S31: what the attribute of an op says of its steps is kept to.

use std::io;
use std::num::ParseIntError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dynagraph::prelude::*;
use dynagraph::{RunReport, StepReport, StepStatus};
use futures::{Stream, stream};
use tokio::time::{Instant, sleep};

use crate::support::{echo, ignore, seen_panics};

/// When each attempt began.
#[derive(Debug, Clone, Default)]
struct Clock(Arc<Mutex<Vec<Instant>>>);

impl Clock {
    fn times(&self) -> MutexGuard<'_, Vec<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self) {
        self.times().push(Instant::now());
    }

    /// The milliseconds between one attempt and the next.
    fn waits(&self) -> Vec<u128> {
        self.times().windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect()
    }
}

fn attempts<T>(report: &RunReport<T>, step: &str) -> u32 {
    report.step(step).map_or(0, StepReport::attempts)
}

/// What the step's error says.
fn error<T>(report: &RunReport<T>, step: &str) -> String {
    let error = report.step(step).and_then(StepReport::error);
    error.map(ToString::to_string).unwrap_or_default()
}

async fn report<T: Send + 'static>(job: Job<T>) -> RunReport<T> {
    job.run().keep_steps(true).report().await
}

#[op(max_retries = 2)]
async fn third_time(ctx: OpContext, x: u64) -> Result<u64, OpError> {
    if ctx.attempt() < 3 { Err("not yet".into()) } else { Ok(x) }
}

#[op(max_retries = 2)]
fn third_time_blocking(ctx: OpContext, x: u64) -> Result<u64, OpError> {
    if ctx.attempt() < 3 { Err("not yet".into()) } else { Ok(x) }
}

#[op(max_retries = 2, inline)]
fn third_time_inline(ctx: OpContext, x: u64) -> Result<u64, OpError> {
    if ctx.attempt() < 3 { Err("not yet".into()) } else { Ok(x) }
}

/// S27
#[tokio::test(start_paused = true)]
async fn a_step_that_fails_twice_succeeds_with_two_retries() {
    let job =
        Job::compose("retried", || third_time_inline(third_time_blocking(third_time(echo(7)))));
    let report = report(job).await;
    assert_eq!(report.output(), Some(&7), "{:?}", report.error());
    for step in ["third_time", "third_time_blocking", "third_time_inline"] {
        assert_eq!(attempts(&report, step), 3, "{step}");
    }
}

#[op(max_retries = 1)]
async fn third_time_too_late(ctx: OpContext) -> Result<u64, OpError> {
    third_time::call(ctx, 1).await
}

/// S27
#[tokio::test(start_paused = true)]
async fn a_step_that_fails_twice_fails_with_one_retry() {
    let report = report(Job::compose("failed", third_time_too_late)).await;
    assert_eq!(report.count("third_time_too_late", StepStatus::Failure), 1);
    assert_eq!(attempts(&report, "third_time_too_late"), 2);
}

#[op(max_retries = 3, delay = "1m 30s")]
async fn constantly(clock: Resource<Clock>) -> Result<u64, OpError> {
    clock.note();
    Err("always".into())
}

#[op(max_retries = 3, delay = "200ms", backoff = "linear")]
async fn linearly(clock: Resource<Clock>) -> Result<u64, OpError> {
    constantly::call(clock).await
}

#[op(max_retries = 3, delay = "1.5s", backoff = "exponential", max_delay = "5s")]
async fn exponentially(clock: Resource<Clock>) -> Result<u64, OpError> {
    constantly::call(clock).await
}

#[op(max_retries = 3)]
async fn at_once(clock: Resource<Clock>) -> Result<u64, OpError> {
    constantly::call(clock).await
}

async fn waits(op: fn() -> OutputHandle<u64>) -> Vec<u128> {
    let clock = Clock::default();
    let report = Job::compose("delayed", op).run().resource(clock.clone()).report().await;
    assert_eq!(report.status(), RunStatus::Failure);
    clock.waits()
}

/// S27
#[tokio::test(start_paused = true)]
async fn a_retry_waits_for_exactly_its_delay() {
    assert_eq!(waits(constantly).await, [90_000, 90_000, 90_000]);
    assert_eq!(waits(linearly).await, [200, 400, 600]);
    assert_eq!(waits(exponentially).await, [1_500, 4_500, 5_000]);
    assert_eq!(waits(at_once).await, [0, 0, 0]);
}

#[op(max_retries = 20, delay = "1s", jitter = "full")]
async fn with_full_jitter(clock: Resource<Clock>) -> Result<u64, OpError> {
    constantly::call(clock).await
}

#[op(max_retries = 20, delay = "1s", backoff = "linear", jitter = "plus_minus", max_delay = "10s")]
async fn with_plus_minus_jitter(clock: Resource<Clock>) -> Result<u64, OpError> {
    constantly::call(clock).await
}

/// S27
#[tokio::test(start_paused = true)]
async fn jitter_keeps_to_its_range() {
    let full = waits(with_full_jitter).await;
    assert_eq!(full.len(), 20);
    assert!(full.iter().all(|wait| *wait <= 1_001), "{full:?}");
    let plus_minus = waits(with_plus_minus_jitter).await;
    for (wait, retry) in plus_minus.into_iter().zip(1..=20) {
        let grown = (retry * 1_000).min(10_000);
        // A timer is right to a millisecond.
        assert!((grown - 1_000..=10_001.min(grown + 1_001)).contains(&wait), "{retry}: {wait}");
    }
}

fn is_timeout(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::TimedOut
}

#[op(max_retries = 2, retry_if = is_timeout)]
async fn ask(ctx: OpContext, kind: u64) -> io::Result<u64> {
    match (kind, ctx.attempt()) {
        (0, 1) => Err(io::ErrorKind::TimedOut.into()),
        (0, attempt) => Ok(u64::from(attempt)),
        _ => Err(io::Error::other("no such page")),
    }
}

/// S29
#[tokio::test(start_paused = true)]
async fn only_an_error_that_retry_if_names_is_retried() {
    let report =
        report(Job::compose("asked", || (ask(0).alias("slow"), ask(1).alias("gone")))).await;
    assert_eq!(attempts(&report, "slow"), 2);
    assert_eq!(report.step("slow").map(StepReport::status), Some(StepStatus::Success));
    assert_eq!(attempts(&report, "gone"), 1);
    assert!(error(&report, "gone").contains("no such page"), "{}", error(&report, "gone"));
}

/// What is asked need not be the op's own type: a reference to it becomes one to a trait object.
mod asked {
    pub(super) fn by_trait(error: &(dyn std::error::Error + 'static)) -> bool {
        error.is::<super::ParseIntError>()
    }
}

#[op(max_retries = 1, retry_if = asked::by_trait)]
fn parse(text: &str) -> Result<u64, ParseIntError> {
    text.parse()
}

#[op(max_retries = 1, retry_if = io::Error::raw_os_error_is_known)]
fn never() -> io::Result<impl Iterator<Item = DynamicOutput<u64>>> {
    Err::<std::iter::Empty<_>, _>(io::Error::other("no list"))
}

trait RawOsErrorIsKnown {
    fn raw_os_error_is_known(&self) -> bool;
}

impl RawOsErrorIsKnown for io::Error {
    fn raw_os_error_is_known(&self) -> bool {
        self.raw_os_error().is_some()
    }
}

#[op(max_retries = 1, retry_if = String::is_empty)]
fn stream_or_fail(x: u64) -> Result<impl Stream<Item = DynamicOutput<u64>>, String> {
    if x > 0 { Err::<stream::Empty<_>, _>(String::new()) } else { Err("some text".to_owned()) }
}

/// S29
#[tokio::test(start_paused = true)]
async fn retry_if_is_any_function_that_takes_the_error() {
    let job = Job::compose("asked", || {
        parse("x");
        never();
        ignore(stream_or_fail(0).alias("says"));
        ignore(stream_or_fail(1).alias("silent"));
    });
    let report = report(job).await;
    let attempts = ["parse", "never", "says", "silent"].map(|step| attempts(&report, step));
    assert_eq!(attempts, [2, 1, 1, 2]);
}

static ASKED: AtomicUsize = AtomicUsize::new(0);

fn counts(_error: &OpError) -> bool {
    ASKED.fetch_add(1, Ordering::SeqCst);
    true
}

/// The error here is in emitting, as the key is there twice.
#[op(max_retries = 1, retry_if = counts)]
fn twice() -> Result<impl Iterator<Item = DynamicOutput<u64>>, OpError> {
    Ok((0..2).map(|i| DynamicOutput::new(i, "key")))
}

/// S2, S29
#[tokio::test(start_paused = true)]
async fn retry_if_is_not_asked_about_an_error_in_emitting() {
    let report = report(Job::compose("twice", twice)).await;
    assert_eq!(report.count("twice", StepStatus::Failure), 1);
    assert_eq!(ASKED.load(Ordering::SeqCst), 0);
}

#[op(max_retries = 1, retry_panics)]
async fn panic_once(ctx: OpContext) -> u64 {
    if ctx.attempt() == 1 {
        panic!("once, on purpose");
    }
    1
}

#[op(max_retries = 1)]
async fn panic_and_give_up(ctx: OpContext) -> Result<u64, String> {
    Ok(panic_once::call(ctx).await)
}

/// S29
#[tokio::test(start_paused = true)]
async fn a_panic_is_retried_if_the_op_says_so() {
    seen_panics();
    let report = report(Job::compose("panicking", || (panic_once(), panic_and_give_up()))).await;
    assert_eq!(attempts(&report, "panic_once"), 2);
    assert_eq!(attempts(&report, "panic_and_give_up"), 1);
    assert_eq!(report.count("panic_once", StepStatus::Success), 1);
    assert_eq!(report.count("panic_and_give_up", StepStatus::Failure), 1);
}

#[op(timeout = "1s")]
async fn take(seconds: u64) -> u64 {
    sleep(Duration::from_millis(seconds * 1_000 - 1)).await;
    seconds
}

#[op(max_retries = 1, timeout = "1s")]
async fn take_once(ctx: OpContext) -> u64 {
    take::call(if ctx.attempt() == 1 { 5 } else { 1 }).await
}

/// S31
#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_longer_than_its_timeout_fails() {
    let job = Job::compose("slow", || (take(1).alias("short"), take(2).alias("long"), take_once()));
    let report = report(job).await;
    assert_eq!(report.count("short", StepStatus::Success), 1, "{:?}", report.error());
    assert_eq!(report.count("long", StepStatus::Failure), 1);
    assert!(error(&report, "long").contains("timed out"), "{}", error(&report, "long"));
    assert_eq!(attempts(&report, "take_once"), 2);
    assert_eq!(report.count("take_once", StepStatus::Success), 1);
}

#[op(idle_timeout = "1s")]
async fn work(ctx: OpContext, pause: u64) {
    for _ in 0..5 {
        sleep(Duration::from_millis(pause)).await;
        ctx.heartbeat();
    }
}

/// S31
#[tokio::test(start_paused = true)]
async fn a_heartbeat_pushes_an_idle_timeout_back() {
    let job = Job::compose("idle", || (work(900).alias("alive"), work(1_100).alias("silent")));
    let report = report(job).await;
    assert_eq!(report.count("alive", StepStatus::Success), 1, "{:?}", report.error());
    assert_eq!(report.count("silent", StepStatus::Failure), 1);
    assert!(error(&report, "silent").contains("no sign of life"), "{}", error(&report, "silent"));
}
