//! S35: what is dropped is aborted, and no task outlives its run. Outside a runtime nothing starts.

use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use dynagraph::prelude::*;
use dynagraph::{EmitError, RunError, RunStatus};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::support::{FLAVORS, Gauge, add, count, echo, ends, sum};

#[op]
async fn wait_forever(gauge: Resource<Gauge>, x: u64) -> u64 {
    let _inside = gauge.enter();
    sleep(Duration::from_secs(1_000_000)).await;
    x
}

#[op]
async fn emit_forever(gauge: Resource<Gauge>, out: DynamicOut<u64>) -> Result<(), OpError> {
    let _inside = gauge.enter();
    for i in 0.. {
        out.emit(i, i).await?;
    }
    Ok(())
}

/// Three waiting copies, a plain op, nested copies, and a producer whose window is full.
#[job]
fn endless() -> OutputHandle<u64> {
    let values = count(3).map(wait_forever);
    count(2).map(|x| {
        echo(x);
        count(2).map(|y| wait_forever(add(x, y)))
    });
    emit_forever().window(2).map(wait_forever);
    add(sum(values.collect()), wait_forever(1))
}

const IN_FLIGHT: usize = 3 + 1 + 4 + 3;

/// Lets everything run until it can only wait; time is paused.
async fn settle() {
    sleep(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn dropping_the_runs_future_aborts_every_step_and_leaves_no_task() {
    let gauge = Gauge::default();
    let run = endless().run().resource(gauge.clone());
    let ended = timeout(Duration::from_secs(10), run).await;
    assert!(ended.is_err());
    assert_eq!(gauge.most(), IN_FLIGHT);
    settle().await;
    assert_eq!((gauge.now(), Handle::current().metrics().num_alive_tasks()), (0, 0));

    let report = endless().run().resource(gauge.clone()).report();
    assert!(timeout(Duration::from_secs(10), report).await.is_err());
    settle().await;
    assert_eq!((gauge.now(), Handle::current().metrics().num_alive_tasks()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_handle_or_its_wait_aborts_the_run() {
    let gauge = Gauge::default();
    let run = endless().run().resource(gauge.clone()).start();
    settle().await;
    assert_eq!(gauge.now(), IN_FLIGHT);
    assert!(!run.is_finished());
    drop(run);
    settle().await;
    assert_eq!((gauge.now(), Handle::current().metrics().num_alive_tasks()), (0, 0));

    let run = endless().run().resource(gauge.clone()).start();
    assert!(timeout(Duration::from_secs(10), run.wait()).await.is_err());
    settle().await;
    assert_eq!((gauge.now(), Handle::current().metrics().num_alive_tasks()), (0, 0));
}

/// S24
#[tokio::test(start_paused = true)]
async fn a_run_that_ends_at_its_first_failure_leaves_no_task() {
    #[op]
    async fn fail_late() -> Result<u64, OpError> {
        sleep(Duration::from_secs(5)).await;
        Err("late".into())
    }

    #[job]
    fn failing() {
        fail_late();
        emit_forever().window(2).map(wait_forever);
        count(3).map(wait_forever);
    }

    let gauge = Gauge::default();
    let run = failing().run().resource(gauge.clone()).fail_fast(true);
    assert_eq!(run.report().await.status(), RunStatus::Failure);
    assert_eq!((gauge.most(), gauge.now()), (6, 0));
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ended_leaves_no_task() {
    #[job]
    fn ending() -> OutputHandle<u64> {
        sum(count(100).map(echo).flat_map(|x| count(x)).collect())
    }

    assert_eq!(ending().run().await.unwrap(), (0..100).map(|n| (0..n).sum::<u64>()).sum::<u64>());
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    let run = ending().run().start();
    settle().await;
    assert!(run.is_finished());
    assert!(run.wait().await.output().is_some());
}

#[tokio::test]
async fn a_run_that_is_not_awaited_does_nothing() {
    let gauge = Gauge::default();
    drop(endless().run().resource(gauge.clone()));
    drop(endless().run().resource(gauge.clone()).report());
    tokio::task::yield_now().await;
    assert_eq!(gauge.most(), 0);
}

type Said = mpsc::UnboundedSender<String>;

#[op]
fn emit_until_closed(said: Resource<Said>, out: DynamicOut<u64>) -> Result<(), OpError> {
    for i in 0.. {
        if let Err(error) = out.blocking_emit(i, i) {
            let closed = matches!(error, EmitError::Closed { .. });
            said.send(format!("after {i}, closed: {closed}"))?;
            return Ok(());
        }
        said.send("emitted".to_owned())?;
    }
    Ok(())
}

#[job]
fn emitting_until_closed() {
    emit_until_closed().window(2).map(wait_forever);
}

/// S35, S36
#[test]
fn a_blocked_emitter_is_told_when_its_run_is_dropped() {
    for flavor in FLAVORS {
        ends(flavor, || async {
            let (said, mut hears) = mpsc::unbounded_channel::<String>();
            let run = emitting_until_closed().run().resource(said).resource(Gauge::default());
            let run = run.start();
            for _ in 0..2 {
                assert_eq!(hears.recv().await.as_deref(), Some("emitted"));
            }
            drop(run);
            assert_eq!(hears.recv().await.as_deref(), Some("after 2, closed: true"));
        });
    }
}

#[derive(Debug, Default)]
struct Kept(Mutex<Option<DynamicOut<u64>>>);

#[op]
async fn keep_the_emitter(kept: Resource<std::sync::Arc<Kept>>, out: DynamicOut<u64>) {
    assert!(out.emit(1, "in time").await.is_ok());
    *kept.0.lock().expect("nobody panics") = Some(out);
}

#[job]
fn kept_emitter() -> OutputHandle<u64> {
    sum(keep_the_emitter().collect())
}

#[tokio::test]
async fn an_emitter_is_closed_after_its_step() {
    let kept = std::sync::Arc::<Kept>::default();
    assert_eq!(kept_emitter().run().resource(std::sync::Arc::clone(&kept)).await.unwrap(), 1);
    let out = kept.0.lock().unwrap().take().unwrap();
    assert!(matches!(out.emit(2, "late").await, Err(EmitError::Closed { .. })));
}

/// Polls once, without a runtime.
fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn outside_a_runtime_a_run_says_what_it_needs() {
    let job = Job::compose("plain", || echo(1));
    let Poll::Ready(result) = poll_once(job.run().into_future()) else { panic!("it waits") };
    let error = result.unwrap_err();
    assert!(matches!(error, RunError::NoRuntime));
    assert!(error.to_string().contains("tokio"), "{error}");

    let Poll::Ready(report) = poll_once(job.run().report()) else { panic!("it waits") };
    assert_eq!((report.status(), report.steps().len()), (RunStatus::Failure, 0));

    let started = job.run().start();
    assert!(started.is_finished());
    let Poll::Ready(report) = poll_once(started.wait()) else { panic!("it waits") };
    assert!(matches!(report.error(), Some(RunError::NoRuntime)));
}

/// Composing needs no runtime, and a run may be made before there is one.
#[test]
fn a_run_is_made_outside_a_runtime_and_awaited_inside() {
    let run = Job::compose("plain", || sum(count(4).collect())).run();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(run.into_future()).unwrap(), 6);
}

#[op]
fn work_for_real(out: DynamicOut<u64>) -> Result<(), EmitError> {
    for i in 0..3 {
        std::thread::sleep(Duration::from_millis(5));
        out.blocking_emit(i, i)?;
    }
    Ok(())
}

#[op]
fn sleep_for_real(x: u64) -> u64 {
    std::thread::sleep(Duration::from_millis(2));
    x
}

/// A clock that is paused must not run away while a thread works.
#[tokio::test(start_paused = true)]
async fn paused_time_stands_still_while_a_sync_op_runs() {
    #[op]
    async fn wait(x: u64) -> u64 {
        sleep(Duration::from_secs(x)).await;
        x
    }

    #[job]
    fn working() -> OutputHandle<u64> {
        sum(count(10).map(wait).map(sleep_for_real).collect())
    }

    let report = timeout(Duration::from_secs(3_600), working().run().report()).await;
    assert_eq!(report.expect("no hour has passed").output(), Some(&45));
}

/// A clock that is paused must not run away while a thread works.
#[tokio::test(start_paused = true)]
async fn paused_time_stands_still_while_a_sync_op_emits() {
    #[job]
    fn working() -> OutputHandle<u64> {
        sum(work_for_real().map(echo).collect())
    }

    let total = timeout(Duration::from_secs(3_600), working().run()).await;
    assert_eq!(total.expect("no hour has passed").unwrap(), 3);
}
