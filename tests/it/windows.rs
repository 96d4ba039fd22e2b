//! S11, S33: values do not pile up, and steps neither.

use std::collections::HashSet;
use std::future::{IntoFuture as _, poll_fn};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use dynagraph::RunStatus;
use dynagraph::prelude::*;
use futures::{Stream, stream};
use tokio::time::sleep;

use crate::support::{Flavor, Gate, Gauge, Log, Tracked, Tracker, add, count, ends, gate};

#[op]
async fn emit_logged(log: Resource<Log>, out: DynamicOut<u64>) -> Result<(), OpError> {
    for i in 0..10 {
        out.emit(i, i).await?;
        log.say("emitted");
    }
    Ok(())
}

#[op]
async fn pass(gate: Resource<Gate>, x: u64) -> Result<u64, OpError> {
    gate.acquire().await?.forget();
    Ok(x)
}

#[op(inline)]
fn same(x: u64) -> u64 {
    x
}

#[job]
fn windowed(keys: usize, nested: bool) {
    let values = emit_logged().window(keys);
    if nested {
        values.map(|x| count(2).map(|y| pass(add(x, y))));
    } else {
        values.map(pass).map(same);
    }
}

/// S11
#[tokio::test(start_paused = true)]
async fn the_emitter_waits_while_the_window_is_full() {
    for (keys, nested) in [(1, false), (3, false), (1, true), (20, true)] {
        let (log, gate) = (Log::default(), gate());
        let run = windowed(keys, nested).run();
        let run = run.resource(log.clone()).resource(Arc::clone(&gate)).start();
        for done in 0..10 {
            // In paused time, one passes only when nothing else can go on.
            sleep(Duration::from_secs(1)).await;
            assert_eq!(log.len(), (keys + done).min(10), "window {keys}, {done} keys finished");
            gate.add_permits(if nested { 2 } else { 1 });
        }
        assert_eq!(run.wait().await.status(), RunStatus::Success);
    }
}

#[derive(Debug, Clone, Copy)]
enum Source {
    Emit,
    Block,
    Stream,
    Iterate,
}

#[op]
async fn track_emit(
    n: u64,
    all: Resource<Tracker>,
    out: DynamicOut<Tracked>,
) -> Result<(), OpError> {
    for i in 0..n {
        out.emit(all.make(i), i).await?;
    }
    Ok(())
}

#[op]
fn track_block(n: u64, all: Resource<Tracker>, out: DynamicOut<Tracked>) -> Result<(), OpError> {
    for i in 0..n {
        out.blocking_emit(all.make(i), i)?;
    }
    Ok(())
}

#[op]
fn track_stream(n: u64, all: Resource<Tracker>) -> impl Stream<Item = DynamicOutput<Tracked>> {
    stream::iter((0..n).map(move |i| DynamicOutput::new(all.make(i), i)))
}

#[op]
fn track_iterate(n: u64, all: Resource<Tracker>) -> impl Iterator<Item = DynamicOutput<Tracked>> {
    (0..n).map(move |i| DynamicOutput::new(all.make(i), i))
}

#[op]
async fn number(value: Tracked) -> u64 {
    tokio::task::yield_now().await;
    value.number
}

#[op]
fn number_blocking(value: &Tracked) -> u64 {
    value.number
}

#[op]
fn total(all: u64, value: &Tracked) -> u64 {
    all + value.number
}

#[job]
fn tracked(source: Source, n: u64, window: Option<usize>) -> OutputHandle<u64> {
    let values = match source {
        Source::Emit => track_emit(n),
        Source::Block => track_block(n),
        Source::Stream => track_stream(n),
        Source::Iterate => track_iterate(n),
    };
    let values = window.map_or(values, |keys| values.window(keys));
    values.map(number);
    values.map(number_blocking);
    values.fold(0, total)
}

/// S11, S33
#[test]
fn values_do_not_pile_up_where_nothing_collects() {
    for source in [Source::Emit, Source::Block, Source::Stream, Source::Iterate] {
        for (window, n, flavor) in [
            (Some(4), 1_000, Flavor::CurrentThread),
            (Some(4), 1_000, Flavor::MultiThread),
            (None, 6_000, Flavor::MultiThread),
        ] {
            let (most, total) = ends(flavor, move || async move {
                let tracker = Tracker::default();
                let run = tracked(source, n, window).run().resource(tracker.clone());
                let total = run.await.unwrap();
                assert_eq!(tracker.live.now(), 0);
                (tracker.live.most(), total)
            });
            assert_eq!(total, n * (n - 1) / 2);
            // A key in flight has its value, and a clone of it in the step that owns one.
            let bound = window.unwrap_or(1_024) * 3 + 16;
            assert!(most <= bound, "{source:?}, window {window:?}: {most} live values");
        }
    }
}

#[op]
async fn inside(gauge: Resource<Gauge>, x: u64) -> u64 {
    let _inside = gauge.enter();
    sleep(Duration::from_secs(1)).await;
    x
}

#[job]
fn wide() {
    count(5_000).map(inside);
}

/// S33
#[tokio::test(start_paused = true)]
async fn a_run_without_limits_has_bounded_steps_in_flight() {
    let gauge = Gauge::default();
    wide().run().resource(gauge.clone()).await.unwrap();
    assert_eq!(gauge.most(), 1_024);
}

/// The wakers that the steps of a run were given.
type Wakers = Arc<Mutex<HashSet<usize>>>;

#[op]
async fn notice_the_waker(wakers: Resource<Wakers>, x: u64) -> u64 {
    poll_fn(|context| {
        if let Ok(mut wakers) = wakers.lock() {
            wakers.insert(context.waker().data().addr());
        }
        Poll::Ready(())
    })
    .await;
    sleep(Duration::from_micros(x % 100)).await;
    x
}

#[op]
fn add_up(all: u64, x: u64) -> u64 {
    all + x
}

#[job]
fn waking(n: u64) -> OutputHandle<u64> {
    count(n).map(notice_the_waker).max_concurrent(256).fold(0, add_up)
}

/// S11: where a key has waited, another one does, whichever lane has seen to its end.
#[test]
fn places_to_wait_do_not_pile_up() {
    let wakers = ends(Flavor::MultiThread, || async {
        let wakers = Wakers::default();
        let run = waking(40_000).run().resource(Arc::clone(&wakers));
        tokio::spawn(run.into_future()).await.unwrap().unwrap();
        wakers.lock().unwrap().len()
    });
    // Each of two lanes keeps some, and goes on with as many more at once.
    assert!(wakers <= 256 + 2 * 129, "{wakers} for 256 keys at once");
}
