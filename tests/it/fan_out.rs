//! S6 to S11: copies start early and in order, nest, and do not pile up.

use std::time::Duration;

use dynagraph::StepStatus;
use dynagraph::prelude::*;
use tokio::time::{sleep, timeout};

use crate::support::{FLAVORS, Gate, Gauge, Log, add, count, echo, ends, gate, steps, sum};

/// Longer than any test, in paused time.
const FOREVER: Duration = Duration::from_secs(1_000_000);

#[op]
async fn emit_after_the_copy(gate: Resource<Gate>, out: DynamicOut<u64>) -> Result<(), OpError> {
    for key in 0..3 {
        out.emit(key, key).await?;
        // Opened by the copy of this key only.
        gate.acquire().await?.forget();
    }
    Ok(())
}

#[op]
async fn open(gate: Resource<Gate>, x: u64) -> u64 {
    gate.add_permits(1);
    x
}

#[op(inline)]
fn open_inline(gate: Resource<Gate>, x: u64) -> u64 {
    gate.add_permits(1);
    x
}

#[op]
fn open_blocking(gate: Resource<Gate>, x: u64) -> u64 {
    gate.add_permits(1);
    x
}

#[derive(Debug, Clone, Copy)]
enum Opens {
    Async,
    Inline,
    Blocking,
    AtTheEndOfAChain,
}

#[job]
fn emitting_after_copies(opens: Opens) -> OutputHandle<u64> {
    let out = emit_after_the_copy();
    let opened = match opens {
        Opens::Async => out.map(open),
        Opens::Inline => out.map(open_inline),
        Opens::Blocking => out.map(open_blocking),
        Opens::AtTheEndOfAChain => out.map(echo).map(|x| open(add(x, 0))),
    };
    sum(opened.collect())
}

/// S6
#[test]
fn a_copy_ends_before_the_producer_emits_again() {
    for opens in [Opens::Async, Opens::Inline, Opens::Blocking, Opens::AtTheEndOfAChain] {
        for flavor in FLAVORS {
            let sum = ends(flavor, move || async move {
                emitting_after_copies(opens).run().resource(gate()).await.unwrap()
            });
            assert_eq!(sum, 3, "{opens:?}");
        }
    }
}

#[op]
fn block_after_the_copy(
    gate: Resource<Gate>,
    runtime: Resource<tokio::runtime::Handle>,
    out: DynamicOut<u64>,
) -> Result<(), OpError> {
    for key in 0..3 {
        out.blocking_emit(key, key)?;
        runtime.block_on(gate.acquire())?.forget();
    }
    Ok(())
}

#[op]
fn iterate_after_the_copy(
    gate: Resource<Gate>,
    runtime: Resource<tokio::runtime::Handle>,
) -> impl Iterator<Item = DynamicOutput<u64>> {
    (0..3).map(move |key| {
        if key > 0 {
            runtime.block_on(gate.acquire()).expect("the gate is never closed").forget();
        }
        DynamicOutput::new(key, key)
    })
}

#[job]
fn blocking_after_copies(iterator: bool) -> OutputHandle<u64> {
    let out = if iterator { iterate_after_the_copy() } else { block_after_the_copy() };
    sum(out.map(open_blocking).collect())
}

/// S6
#[test]
fn a_copy_ends_before_a_blocked_producer_emits_again() {
    for iterator in [false, true] {
        for flavor in FLAVORS {
            let sum = ends(flavor, move || async move {
                let runtime = tokio::runtime::Handle::current();
                let run = blocking_after_copies(iterator).run();
                run.resource(gate()).resource(runtime).await.unwrap()
            });
            assert_eq!(sum, 3);
        }
    }
}

#[op]
async fn wait_if_first(gate: Resource<Gate>, x: u64) -> Result<u64, OpError> {
    if x == 0 {
        gate.acquire().await?.forget();
    }
    Ok(x)
}

#[op]
async fn open_if_last(gate: Resource<Gate>, x: u64) -> u64 {
    if x == 2 {
        gate.add_permits(1);
    }
    x
}

#[job]
fn depth_first() -> OutputHandle<u64> {
    sum(count(3).map(wait_if_first).map(open_if_last).collect())
}

/// S6: `b[2]` runs while `a[0]` still does.
#[tokio::test(start_paused = true)]
async fn copies_run_depth_first() {
    let run = depth_first().run().resource(gate()).report();
    let report = timeout(FOREVER, run).await.expect("no level waits for another");
    assert_eq!(report.output(), Some(&3));
}

#[op]
async fn logged(log: Resource<Log>, x: u64) -> u64 {
    log.say(x.to_string());
    tokio::task::yield_now().await;
    x
}

#[op]
fn logged_blocking(log: Resource<Log>, x: u64) -> u64 {
    log.say(x.to_string());
    x
}

#[op]
async fn emit_backwards(n: u64, out: DynamicOut<u64>) -> Result<(), OpError> {
    for i in (0..n).rev() {
        out.emit(i, i).await?;
    }
    Ok(())
}

#[job]
fn in_order(blocking: bool, one_at_a_time: bool) {
    let values = emit_backwards(50);
    let values = if one_at_a_time { values.max_concurrent(1) } else { values };
    if blocking {
        values.map(logged_blocking).map(echo);
    } else {
        values.map(logged).map(echo);
    }
}

/// S7
#[test]
fn copies_start_in_the_order_of_emission() {
    let expected: Vec<_> = (0..50).rev().map(|i| i.to_string()).collect();
    for (blocking, limit_keys) in [(false, false), (false, true), (true, false), (true, true)] {
        for flavor in FLAVORS {
            let lines = ends(flavor, move || async move {
                let log = Log::default();
                let run = in_order(blocking, limit_keys).run().resource(log.clone());
                let run = if limit_keys { run } else { run.max_concurrent(1) };
                run.await.unwrap();
                log.lines()
            });
            assert_eq!(lines, expected, "{flavor:?}, {blocking}, {limit_keys}");
        }
    }
}

type Fold = OutputHandle<u64>;

#[job]
fn nothing() -> (OutputHandle<Vec<u64>>, Fold, OutputHandle<u64>, DynamicHandle<Vec<u64>>) {
    let none = count(0).map(echo).map(echo);
    let folded = none.fold(7, add);
    (none.collect(), folded, sum(none.collect()), none.batch(3))
}

/// S8
#[tokio::test]
async fn a_fan_out_without_keys_succeeds_and_gives_nothing() {
    let report = nothing().run().keep_steps(true).report().await;
    assert_eq!(steps(&report), ["count Success", "sum Success"]);
    let (list, folded, sum, batches) = report.into_result().unwrap();
    assert_eq!((list, folded, sum, batches.len()), (vec![], 7, 0, 0));
}

type Levels = Vec<Vec<Vec<u64>>>;

/// Three levels, of which the numbers say how many keys each has.
#[job]
fn three_levels(
    outer: u64,
    middle: u64,
    inner: u64,
) -> (OutputHandle<Levels>, OutputHandle<Vec<u64>>, OutputHandle<Vec<u64>>, Fold) {
    let nested = count(outer)
        .map(|x| count(add(middle, 0)).map(|y| count(add(inner, 0)).map(|z| add(add(x, y), z))));
    let sums = nested.map(|of_outer| sum(of_outer.flatten().collect()));
    let flat = nested.flatten().flatten();
    (nested.collect(), flat.collect(), sums.collect(), flat.fold(100, add))
}

/// S8, S9
#[tokio::test]
async fn every_level_may_be_empty() {
    for sizes in [(0, 2, 2), (2, 0, 2), (2, 2, 0), (0, 0, 0), (2, 3, 2)] {
        let (outer, middle, inner) = sizes;
        let expected: Levels = (0..outer)
            .map(|x| (0..middle).map(|y| (0..inner).map(|z| x + y + z).collect()).collect())
            .collect();
        let all: Vec<u64> = expected.iter().flatten().flatten().copied().collect();
        let by_outer = expected.iter().map(|of_outer| of_outer.iter().flatten().sum());
        let by_outer: Vec<u64> = by_outer.collect();
        let total = 100 + all.iter().sum::<u64>();
        let output = three_levels(outer, middle, inner).run().await.unwrap();
        assert_eq!(output, (expected, all, by_outer, total), "{sizes:?}");
    }
}

#[job]
fn uneven() -> OutputHandle<Vec<Vec<u64>>> {
    // 0 keys, then 1, then 2, then 3.
    count(4).map(|x| count(x).map(echo)).collect()
}

/// S8, S9
#[tokio::test]
async fn copies_may_have_different_numbers_of_keys() {
    let output = uneven().run().await.unwrap();
    assert_eq!(output, [vec![], vec![0], vec![0, 1], vec![0, 1, 2]]);
}

#[job]
fn six_deep() -> DynamicHandle<u64> {
    let two = |x| count(add(x, 0));
    count(2).flat_map(|_| two(2).flat_map(|_| two(2).flat_map(|_| two(2).map(echo))))
}

#[job]
fn products() -> (OutputHandle<Vec<Vec<u64>>>, OutputHandle<Vec<Vec<u64>>>, DynamicHandle<u64>) {
    let (a, b) = (count(3), count(2));
    let tens = b.map(|y| add(y, 10));
    let pairs = a.map(|x| tens.map(|y| add(x, y)));
    let squared = a.map(|x| a.map(|y| add(x, y)));
    let cubed = b.flat_map(|x| b.flat_map(|y| b.map(|z| add(add(x, y), z))));
    (pairs.collect(), squared.collect(), cubed)
}

/// S9
#[tokio::test]
async fn a_map_inside_a_map_is_the_product() {
    let report = products().run().report().await;
    assert_eq!(report.count("count_2", StepStatus::Success), 1);
    let (pairs, squared, cubed) = report.into_result().unwrap();
    assert_eq!(pairs, [[10, 11], [11, 12], [12, 13]]);
    assert_eq!(squared, [[0, 1, 2], [1, 2, 3], [2, 3, 4]]);
    assert_eq!(cubed.len(), 8);
    assert_eq!((cubed["0/1/0"], cubed["1/1/1"]), (1, 3));
    assert_eq!(six_deep().run().await.unwrap().len(), 16);
}

#[op]
async fn slow_ten(log: Resource<Log>) -> u64 {
    sleep(Duration::from_secs(60)).await;
    log.say("ten");
    10
}

#[job]
fn extra_arguments() -> OutputHandle<Vec<Vec<u64>>> {
    count(3).map(|x| count(2).map(|y| add(add(x, slow_ten()), add(y, 100)))).collect()
}

/// S10
#[tokio::test(start_paused = true)]
async fn an_argument_from_outside_is_computed_once_for_all_copies() {
    let log = Log::default();
    let report = extra_arguments().run().resource(log.clone()).report().await;
    assert_eq!(log.lines(), ["ten"]);
    assert_eq!(report.count("slow_ten", StepStatus::Success), 1);
    assert_eq!(report.into_result().unwrap(), [[110, 111], [111, 112], [112, 113]]);
}

/// Yields once, and says how often it was polled.
#[op]
async fn yield_once(polls: Resource<Gauge>, x: u64) -> u64 {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        std::mem::forget(polls.enter());
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
    x
}

#[job]
fn yielding() -> OutputHandle<u64> {
    sum(count(10).map(|x| yield_once(yield_once(x))).collect())
}

/// A step that yields is polled again only once others had their turn.
#[test]
fn an_op_is_polled_once_when_it_is_called_and_then_when_it_is_woken() {
    for flavor in FLAVORS {
        let polls = ends(flavor, || async {
            let polls = Gauge::default();
            assert_eq!(yielding().run().resource(polls.clone()).await.unwrap(), 45);
            polls.now()
        });
        assert_eq!(polls, 10 * 2 * 2, "{flavor:?}");
    }
}

#[op]
async fn compute_after_waiting(
    gate: Resource<Gate>,
    inside: Resource<Gauge>,
    log: Resource<Log>,
    x: u64,
) -> Result<u64, OpError> {
    let _inside = inside.enter();
    gate.acquire().await?.forget();
    std::thread::sleep(Duration::from_millis(2));
    log.say("computed");
    Ok(x)
}

#[job]
fn computing_after_waiting() {
    count(100).map(compute_after_waiting);
}

/// S6: a key does not wait for others, and what is no part of the run does not either.
#[tokio::test]
async fn keys_that_compute_after_they_have_waited_let_others_have_their_turns() {
    let (gate, inside, log) = (gate(), Gauge::default(), Log::default());
    let run = computing_after_waiting().run().resource(gate.clone());
    let run = run.resource(inside.clone()).resource(log.clone()).start();
    while inside.now() < 100 {
        tokio::task::yield_now().await;
    }
    gate.add_permits(100);
    let mut turns = 0;
    while log.len() < 100 {
        tokio::task::yield_now().await;
        turns += 1;
    }
    assert!(turns >= 50, "{turns} turns");
    run.wait().await.into_result().unwrap();
}
