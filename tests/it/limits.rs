//! S32 to S34: no limit is exceeded, and none of them can stop a run.
//!
//! Every test here has a watchdog: a run that hangs fails.

use std::time::Duration;

use dynagraph::prelude::*;
use dynagraph::{RunReport, RunStatus, StepStatus};
use futures::{Stream, future, stream};
use tokio::time::sleep;

use crate::support::{FLAVORS, Flavor, Gauge, add, count, echo, ends, second, sum};

/// Short, as time is real here; nothing depends on how short.
const MOMENT: Duration = Duration::from_micros(300);

#[op]
async fn inside(gauge: Resource<Gauge>, x: u64) -> u64 {
    let _inside = gauge.enter();
    sleep(MOMENT).await;
    x
}

#[op]
fn inside_blocking(gauge: Resource<Gauge>, x: u64) -> u64 {
    let _inside = gauge.enter();
    std::thread::sleep(MOMENT);
    x
}

#[op(max_concurrent = 3)]
async fn inside_three(gauge: Resource<Gauge>, x: u64) -> u64 {
    inside::call(gauge, x).await
}

#[op(max_concurrent = 3)]
fn inside_three_blocking(gauge: Resource<Gauge>, x: u64) -> u64 {
    inside_blocking::call(gauge, x)
}

fn measured(blocking: bool, x: OutputHandle<u64>) -> OutputHandle<u64> {
    if blocking { inside_blocking(x) } else { inside(x) }
}

/// Runs a job on every runtime, and gives the most steps that were in flight.
fn most<T: Send + 'static>(
    job: impl Fn() -> dynagraph::Run<T> + Clone + Send + 'static,
) -> Vec<usize> {
    let on = |flavor| {
        let job = job.clone();
        ends(flavor, move || async move {
            let gauge = Gauge::default();
            let report = job().resource(gauge.clone()).report().await;
            assert_eq!(report.status(), RunStatus::Success, "{:?}", report.error());
            assert_eq!(gauge.now(), 0);
            gauge.most()
        })
    };
    FLAVORS.into_iter().map(on).collect()
}

#[job]
fn nested_work(blocking: bool) {
    let values = count(6).map(|x| measured(blocking, x));
    values.map(|x| count(4).map(|y| measured(blocking, add(x, y))));
    values.map(|x| measured(!blocking, x)).map(|x| measured(blocking, x));
    measured(blocking, echo(1));
    measured(!blocking, echo(2));
}

/// S32
#[test]
fn a_runs_limit_holds_across_fan_outs_levels_and_kinds_of_ops() {
    for blocking in [false, true] {
        for limit in [1, 2, 5] {
            let most = most(move || nested_work(blocking).run().max_concurrent(limit));
            assert!(most.iter().all(|most| *most <= limit), "{blocking}, {limit}: {most:?}");
            if !blocking {
                // The limit is reached, so the work is not done one by one.
                assert_eq!(most, [limit, limit]);
            }
        }
    }
}

#[job]
fn limited_op(blocking: bool) {
    let limited = |x| if blocking { inside_three_blocking(x) } else { inside_three(x) };
    count(20).map(limited);
}

/// An op's limit, where the same node has copies in several fan-outs.
#[job]
fn limited_nested_op(blocking: bool) {
    let limited = |x| if blocking { inside_three_blocking(x) } else { inside_three(x) };
    count(5).map(|x| count(add(x, 3)).map(limited));
}

#[job]
fn limited_use(blocking: bool, limit: usize) {
    count(20).map(|x| {
        let of_use = measured(blocking, x).max_concurrent(limit);
        echo(of_use)
    });
}

/// S32
#[test]
fn an_ops_limit_holds() {
    for blocking in [false, true] {
        let most_of_op = most(move || limited_op(blocking).run());
        let most_nested = most(move || limited_nested_op(blocking).run());
        assert!(most_of_op.iter().chain(&most_nested).all(|most| *most <= 3));
        if !blocking {
            assert_eq!((most_of_op, most_nested), (vec![3, 3], vec![3, 3]));
        }
        for limit in [1, 2] {
            let most = most(move || limited_use(blocking, limit).run());
            assert!(most.iter().all(|most| *most <= limit), "{blocking}, {limit}: {most:?}");
        }
    }
}

#[job]
fn limited_keys(blocking: bool, limit: usize) {
    count(20).max_concurrent(limit).map(|x| {
        let first = measured(blocking, x);
        measured(!blocking, first)
    });
}

/// S32
#[test]
fn a_fan_outs_limit_holds() {
    for blocking in [false, true] {
        for limit in [1, 3] {
            let most = most(move || limited_keys(blocking, limit).run());
            assert!(most.iter().all(|most| *most <= limit), "{blocking}, {limit}: {most:?}");
        }
    }
}

#[job]
fn limits_of_each_kind() {
    let values = count(30).max_concurrent(4);
    values.map(|x| inside(x).max_concurrent(2));
    let _ = count(30).map(inside_three).max_concurrent(7);
}

/// S32: a step has a slot of each limit that applies.
#[test]
fn limits_of_several_kinds_hold_together() {
    let most = most(|| limits_of_each_kind().run().max_concurrent(4));
    assert!(most.iter().all(|most| *most <= 4), "{most:?}");
}

#[op]
async fn emit_both(n: u64, left: DynamicOut<u64>, right: DynamicOut<u64>) -> Result<(), OpError> {
    let emit = async |out: &DynamicOut<u64>| {
        for i in 0..n {
            out.emit(i, i).await?;
        }
        Ok::<_, OpError>(())
    };
    future::try_join(emit(&left), emit(&right)).await?;
    Ok(())
}

#[op]
async fn emit_left_first(
    n: u64,
    left: DynamicOut<u64>,
    right: DynamicOut<u64>,
) -> Result<(), OpError> {
    for out in [left, right] {
        for i in 0..n {
            out.emit(i, i).await?;
        }
    }
    Ok(())
}

#[op]
fn block_left_first(n: u64, left: DynamicOut<u64>, right: DynamicOut<u64>) -> Result<(), OpError> {
    for out in [left, right] {
        out.blocking_emit_all((0..n).map(|i| DynamicOutput::new(i, i)))?;
    }
    Ok(())
}

#[op]
fn emit_on_threads(n: u64, left: DynamicOut<u64>, right: DynamicOut<u64>) -> Result<(), OpError> {
    std::thread::scope(|scope| {
        let emit = |out: DynamicOut<u64>| {
            scope.spawn(move || (0..n).try_for_each(|i| out.blocking_emit(i, i)))
        };
        let threads = [emit(left), emit(right)];
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(emitted) => emitted.map_err(OpError::from),
            Err(_) => Err("a thread panicked".into()),
        })
    })
}

#[op]
fn stream_of(n: u64) -> impl Stream<Item = DynamicOutput<u64>> {
    stream::iter((0..n).map(|i| DynamicOutput::new(i, i)))
}

#[op]
fn iterate(n: u64) -> impl Iterator<Item = DynamicOutput<u64>> {
    (0..n).map(|i| DynamicOutput::new(i, i))
}

#[op]
fn block(n: u64, out: DynamicOut<u64>) -> Result<(), OpError> {
    (0..n).try_for_each(|i| out.blocking_emit(i, i)).map_err(OpError::from)
}

#[derive(Debug, Clone, Copy)]
enum Two {
    Join,
    LeftFirst,
    BlockLeftFirst,
    Threads,
}

fn two_outputs(how: Two, n: u64) -> (DynamicHandle<u64>, DynamicHandle<u64>) {
    match how {
        Two::Join => emit_both(n).into(),
        Two::LeftFirst => emit_left_first(n).into(),
        Two::BlockLeftFirst => block_left_first(n).into(),
        Two::Threads => emit_on_threads(n).into(),
    }
}

/// The copies on the left wait for all on the right, which is emitted last.
#[job]
fn left_needs_all_of_right(how: Two, window: usize) -> OutputHandle<u64> {
    let (left, right) = two_outputs(how, 20);
    let of_right = sum(right.window(window).map(echo).collect());
    sum(left.window(window).map(|x| second(x, add(of_right, x))).collect())
}

/// The copies of each wait for all of the other.
#[job]
fn each_needs_all_of_the_other(how: Two, window: usize) -> OutputHandle<u64> {
    let (left, right) = two_outputs(how, 20);
    let (left, right) = (left.window(window), right.window(window));
    let all_left = sum(left.collect());
    let all_right = sum(right.collect());
    let of_left = sum(left.map(|x| add(x, all_right)).collect());
    add(of_left, sum(right.map(|x| add(x, all_left)).collect()))
}

/// Runs a job on every runtime with several limits.
fn outputs<T: Send + 'static>(job: impl Fn() -> Job<T> + Clone + Send + 'static) -> Vec<T> {
    let mut outputs = Vec::new();
    for flavor in FLAVORS {
        for limit in [1, 2, 1_000] {
            let job = job.clone();
            outputs.push(ends(flavor, move || async move {
                job().run().max_concurrent(limit).await.expect("the job succeeds")
            }));
        }
    }
    outputs
}

/// S34
#[test]
fn copies_of_one_output_may_wait_for_all_of_another_of_the_same_producer() {
    for how in [Two::Join, Two::LeftFirst, Two::BlockLeftFirst, Two::Threads] {
        for window in [1, 3] {
            let left = outputs(move || left_needs_all_of_right(how, window));
            assert_eq!(left, [20 * 190 + 190; 6], "{how:?}, window {window}");
        }
    }
}

/// S34
#[test]
fn copies_of_two_outputs_of_one_producer_may_wait_for_all_of_each_other() {
    for how in [Two::Join, Two::LeftFirst, Two::BlockLeftFirst, Two::Threads] {
        for window in [1, 3, 1_000] {
            let both = outputs(move || each_needs_all_of_the_other(how, window));
            assert_eq!(both, [2 * (20 * 190 + 190); 6], "{how:?}, window {window}");
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum One {
    List,
    Stream,
    Iterate,
    Block,
}

fn one_output(how: One, n: impl dynagraph::IntoInput<u64>) -> DynamicHandle<u64> {
    match how {
        One::List => count(n),
        One::Stream => stream_of(n),
        One::Iterate => iterate(n),
        One::Block => block(n),
    }
    .window(1)
}

/// Every level emits, has window 1, and is collected, folded and mapped again.
#[job]
fn deep(how: One) -> OutputHandle<u64> {
    let values = one_output(how, 3).flat_map(|x| {
        let middle = one_output(how, add(x, 1));
        middle.flat_map(|y| one_output(how, add(y, 1)).map(|z| add(add(x, y), z)))
    });
    let all = sum(values.collect());
    let folded = values.window(1).map(|x| add(x, all)).fold(all, add);
    let batched = sum(values.batch(2).map(|batch| sum(batch)).collect());
    add(folded, batched)
}

fn deep_expected() -> u64 {
    let mut values = Vec::new();
    for x in 0..3 {
        for y in 0..=x {
            values.extend((0..=y).map(|z| x + y + z));
        }
    }
    let all: u64 = values.iter().sum();
    let count = u64::try_from(values.len()).unwrap_or_default();
    all + all + count * all + all
}

/// S32, S34
#[test]
fn a_window_and_a_limit_of_one_work_at_any_depth() {
    for how in [One::List, One::Stream, One::Iterate, One::Block] {
        assert_eq!(outputs(move || deep(how)), [deep_expected(); 6], "{how:?}");
    }
}

#[job]
fn limits_of_one(how: One) -> OutputHandle<u64> {
    let values = one_output(how, 5).max_concurrent(1);
    let nested = values.flat_map(|x| one_output(how, x).max_concurrent(1).map(echo));
    let late = values.map(|x| add(x, sum(nested.collect())));
    late.max_concurrent(1).fold(0, |all, x| add(all, x).max_concurrent(1))
}

/// S32, S34
#[test]
fn limits_of_one_of_every_kind_work_together() {
    for how in [One::List, One::Stream, One::Iterate, One::Block] {
        assert_eq!(outputs(move || limits_of_one(how)), [10 + 5 * 10; 6], "{how:?}");
    }
}

#[op(max_concurrent = 1)]
async fn recursive_emit(n: u64, out: DynamicOut<u64>) -> Result<(), OpError> {
    for i in 0..n {
        out.emit(i, i).await?;
    }
    Ok(())
}

#[job]
fn one_op_at_every_level() -> OutputHandle<u64> {
    let values = recursive_emit(4).window(1).flat_map(|x| recursive_emit(add(x, 1)).window(1));
    sum(values.map(inside_one).collect())
}

#[op(max_concurrent = 1)]
async fn inside_one(x: u64) -> u64 {
    sleep(MOMENT).await;
    x
}

/// S34
#[test]
fn producers_limited_to_one_nest() {
    assert_eq!(outputs(one_op_at_every_level), [10; 6]);
}

#[job]
fn many_blocked_emitters(n: u64) -> OutputHandle<u64> {
    let blocked = count(n).max_concurrent(1_000).map(|x| {
        let values = block(second(x, 3)).window(1);
        sum(values.map(inside_blocking).map(inside).collect())
    });
    sum(blocked.collect())
}

/// S34: more emitters wait for their windows than a runtime has blocking threads.
#[test]
fn six_hundred_blocking_emitters_wait_for_blocking_copies() {
    for (flavor, limit) in
        [(Flavor::CurrentThread, 1_000), (Flavor::MultiThread, 1_000), (Flavor::MultiThread, 3)]
    {
        let report: RunReport<u64> = ends(flavor, move || async move {
            let run = many_blocked_emitters(600).run().max_concurrent(limit);
            run.resource(Gauge::default()).report().await
        });
        assert_eq!(report.output(), Some(&1_800), "{flavor:?}, limit {limit}");
        assert_eq!(report.count("inside", StepStatus::Success), 1_800);
    }
}

#[op]
fn needs_a_blocking_thread(x: u64) -> u64 {
    std::thread::sleep(MOMENT);
    x
}

#[job]
fn blocked_and_waiting() -> OutputHandle<u64> {
    // Blocking copies that wait for what other blocking steps give.
    let late = sum(count(40).map(needs_a_blocking_thread).collect());
    let copies = count(600).map(|x| needs_a_blocking_thread(add(x, late)));
    sum(copies.collect())
}

/// S34
#[test]
fn blocking_copies_wait_for_blocking_steps() {
    let expected = (0..600).sum::<u64>() + 600 * (0..40).sum::<u64>();
    assert_eq!(outputs(blocked_and_waiting), [expected; 6]);
}
