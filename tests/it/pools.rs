//! S32 to S34 for pools and rates: named limits that ops share.

use std::time::Duration;

use dynagraph::prelude::*;
use dynagraph::time::{Rate, per_hour, per_minute};
use dynagraph::{Run, StepStatus};
use tokio::time::{Instant, sleep};

use crate::support::{FLAVORS, Gauge, Inside, Log, add, count, echo, ends, sum};

/// Short, as time is real where ops block; nothing depends on how short.
const MOMENT: Duration = Duration::from_micros(300);

fn load(gauge: &Gauge, weight: u64) -> Vec<Inside> {
    (0..weight).map(|_| gauge.enter()).collect()
}

#[op]
async fn heavy(gauge: Resource<Gauge>, x: u64, weight: u64) -> u64 {
    let _load = load(&gauge, weight);
    sleep(MOMENT).await;
    x
}

#[op]
fn heavy_blocking(gauge: Resource<Gauge>, x: u64, weight: u64) -> u64 {
    let _load = load(&gauge, weight);
    std::thread::sleep(MOMENT);
    x
}

fn weighing(blocking: bool, x: OutputHandle<u64>, weight: u32) -> OutputHandle<u64> {
    let weighing =
        if blocking { heavy_blocking(x, u64::from(weight)) } else { heavy(x, u64::from(weight)) };
    weighing.weighted_pool("gpu", weight)
}

/// Runs a job on every runtime, and gives the most slots that were taken at once.
fn most<T: Send + 'static>(run: impl Fn() -> Run<T> + Clone + Send + 'static) -> Vec<usize> {
    let on = |flavor| {
        let run = run.clone();
        ends(flavor, move || async move {
            let gauge = Gauge::default();
            let report = run().resource(gauge.clone()).report().await;
            assert!(report.error().is_none(), "{:?}", report.error());
            assert_eq!(gauge.now(), 0);
            gauge.most()
        })
    };
    FLAVORS.into_iter().map(on).collect()
}

#[job]
fn one_weight(blocking: bool, weight: u32) {
    count(12).map(|x| weighing(blocking, x, weight));
}

/// S32
#[test]
fn a_pool_is_never_exceeded_whatever_its_steps_weigh() {
    for blocking in [false, true] {
        for (weight, size, full) in [(1, 3, 3), (2, 5, 4), (5, 5, 5)] {
            let most = most(move || one_weight(blocking, weight).run().pool("gpu", size));
            assert!(most.iter().all(|most| *most <= full), "{blocking}, {weight}: {most:?}");
            if !blocking {
                assert_eq!(most, [full, full]);
            }
        }
    }
}

#[job]
fn shared(blocking: bool) {
    weighing(blocking, echo(1), 3);
    count(8).map(|x| weighing(!blocking, weighing(blocking, x, 1), 2));
    count(3).map(|x| count(add(x, 1)).map(|y| weighing(blocking, y, 1)));
}

/// S32: ops, levels and kinds of ops share a pool.
#[test]
fn everybody_who_names_a_pool_shares_it() {
    for blocking in [false, true] {
        for size in [3, 4] {
            let most = most(move || shared(blocking).run().pool("gpu", size));
            assert!(most.iter().all(|most| *most <= size), "{blocking}, {size}: {most:?}");
        }
    }
}

#[job]
fn folded(blocking: bool) -> OutputHandle<u64> {
    count(6).map(|x| weighing(blocking, x, 1));
    count(6).fold(0, |all, x| weighing(blocking, add(all, x), 1))
}

/// S32
#[test]
fn a_folds_body_takes_slots_too() {
    for blocking in [false, true] {
        assert_eq!(most(move || folded(blocking).run().pool("gpu", 1)), [1, 1], "{blocking}");
    }
}

#[op]
async fn emit(n: u64, out: DynamicOut<u64>) -> Result<(), OpError> {
    for i in 0..n {
        out.emit(i, i).await?;
    }
    Ok(())
}

#[op]
fn emit_blocking(n: u64, out: DynamicOut<u64>) -> Result<(), OpError> {
    (0..n).try_for_each(|i| out.blocking_emit(i, i)).map_err(OpError::from)
}

fn emitting(blocking: bool, n: impl dynagraph::IntoInput<u64>) -> DynamicHandle<u64> {
    let emitted = if blocking { emit_blocking(n) } else { emit(n) };
    emitted.window(1).weighted_pool("gpu", 2)
}

/// Producers, copies and a fold, all with the same two slots.
#[job]
fn nested(blocking: bool) -> OutputHandle<u64> {
    let values = emitting(blocking, 4).flat_map(|x| {
        let inner = emitting(blocking, add(x, 1).pool("gpu"));
        inner.map(|y| add(y, echo(x).pool("gpu")).weighted_pool("gpu", 2).max_concurrent(1))
    });
    let folded = values.fold(0, |all, x| add(all, x).weighted_pool("gpu", 2));
    add(folded, sum(values.collect()).pool("gpu"))
}

/// S34
#[test]
fn a_pool_a_window_and_limits_of_one_cannot_stop_a_run() {
    let expected: u64 = (0..4).flat_map(|x| (0..=x).map(move |y| x + y)).sum();
    for flavor in FLAVORS {
        for blocking in [false, true] {
            for limit in [1, 2, 1_000] {
                let output = ends(flavor, move || async move {
                    let run = nested(blocking).run().pool("gpu", 2).max_concurrent(limit);
                    run.rate("gpu", 1_000_000, per_second).await
                });
                assert_eq!(output.unwrap(), 2 * expected, "{flavor:?}, {blocking}, {limit}");
            }
        }
    }
}

#[op]
async fn light(log: Resource<Log>, x: u64) {
    log.say(format!("light {x}"));
    // Steps end one after the other, so that two slots are never free at once by chance.
    sleep(ms(10 + 5 * (x % 2))).await;
}

#[op]
async fn late() -> u64 {
    sleep(ms(32)).await;
    0
}

#[op]
async fn both(log: Resource<Log>, _late: u64) {
    log.say("both");
}

#[job]
fn light_and_heavy() {
    let _ = both(late()).weighted_pool("gpu", 2);
    count(40).max_concurrent(4).map(|x| light(x).pool("gpu"));
}

/// S32
#[tokio::test(start_paused = true)]
async fn light_steps_do_not_overtake_a_heavy_one_that_waits() {
    let log = Log::default();
    light_and_heavy().run().pool("gpu", 2).resource(log.clone()).await.unwrap();
    let lines = log.lines();
    let place = lines.iter().position(|line| line == "both").unwrap();
    assert!(place < 15, "{lines:?}");
}

/// When it runs.
#[op]
async fn now(_key: u64) -> Instant {
    Instant::now()
}

#[op(inline)]
fn now_inline(_key: u64) -> Instant {
    Instant::now()
}

/// When each step of a run began, in milliseconds.
async fn starts(run: Run<Vec<Instant>>) -> Vec<u128> {
    let began = Instant::now();
    let starts = run.await.expect("the run succeeds");
    starts.into_iter().map(|at| (at - began).as_millis()).collect()
}

#[job]
fn rated(n: u64) -> OutputHandle<Vec<Instant>> {
    count(n).map(|x| now(x).pool("api")).collect()
}

#[job]
fn rated_inline(n: u64) -> OutputHandle<Vec<Instant>> {
    count(n).map(|x| now_inline(x).weighted_pool("api", 1_000)).collect()
}

const FOUR_A_SECOND: [u128; 10] = [0, 0, 0, 0, 250, 500, 750, 1_000, 1_250, 1_500];

/// S32
#[tokio::test(start_paused = true)]
async fn a_rate_lets_a_burst_start_and_then_one_after_the_other() {
    for limit in [1, 3, 1_000] {
        let run = rated(10).run().max_concurrent(limit).rate("api", 4, per_second);
        assert_eq!(starts(run).await, FOUR_A_SECOND, "limit {limit}");
        let run = rated_inline(10).run().max_concurrent(limit).rate("api", 4, Rate::per_second);
        assert_eq!(starts(run).await, FOUR_A_SECOND, "limit {limit}");
    }
    let run = rated(3).run().rate("api", 1, per_minute);
    assert_eq!(starts(run).await, [0, 60_000, 120_000]);
    let run = rated(3).run().rate("api", 2, per_hour);
    assert_eq!(starts(run).await, [0, 0, 1_800_000]);
    let run = rated(3).run().rate("api", 1, |steps| Rate::every(steps, ms(200)));
    assert_eq!(starts(run).await, [0, 200, 400]);
}

/// Keeps its slot for a while after the last key.
#[op]
async fn emit_and_stay(n: u64, out: DynamicOut<u64>) -> Result<(), OpError> {
    for i in 0..n {
        out.emit(i, i).await?;
    }
    sleep(secs(10)).await;
    Ok(())
}

/// The steps of a copy follow one another, or run at once.
#[job]
fn held_up(at_once: bool) -> OutputHandle<Vec<Instant>> {
    let starts = emit_and_stay(10).map(|x| {
        if at_once {
            echo(x);
        }
        now(x).pool("api")
    });
    starts.collect()
}

/// S32
#[tokio::test(start_paused = true)]
async fn it_is_starts_that_keep_a_rate() {
    let late = FOUR_A_SECOND.map(|start| start + 10_000);
    for at_once in [false, true] {
        let run = held_up(at_once).run().max_concurrent(1).rate("api", 4, per_second);
        assert_eq!(starts(run).await, late, "at once: {at_once}");
    }
}

#[job]
fn rated_and_free() -> (OutputHandle<Vec<Instant>>, OutputHandle<Vec<Instant>>) {
    let rated = count(5).map(|x| now(x).pool("api")).collect();
    (rated, count(5).map(now).collect())
}

/// S34
#[tokio::test(start_paused = true)]
async fn who_waits_for_a_turn_keeps_nobody_from_running() {
    let began = Instant::now();
    let run = rated_and_free().run().max_concurrent(1).rate("api", 1, per_minute);
    let (rated, free) = run.await.unwrap();
    assert_eq!(*rated.last().unwrap() - began, mins(4));
    assert!(free.iter().all(|at| *at == began));
}

/// S32
#[tokio::test(start_paused = true)]
async fn a_rate_and_a_size_hold_together() {
    #[op]
    async fn inside(gauge: Resource<Gauge>, _key: u64) -> Instant {
        let now = Instant::now();
        let _inside = gauge.enter();
        sleep(secs(1)).await;
        now
    }
    let job = Job::compose("both", || count(5).map(|x| inside(x).pool("api")).collect());
    let gauge = Gauge::default();
    let run = job.run().pool("api", 2).rate("api", 4, per_second).resource(gauge.clone());
    assert_eq!(starts(run).await, [0, 0, 1_000, 1_000, 2_000]);
    assert_eq!(gauge.most(), 2);
}

/// S32: each attempt takes a turn.
#[tokio::test(start_paused = true)]
async fn a_retry_takes_a_turn_of_its_own() {
    #[op]
    async fn third_time(ctx: OpContext, log: Resource<Log>, began: Instant) -> Result<(), OpError> {
        log.say(format!("{}", began.elapsed().as_secs()));
        if ctx.attempt() < 3 { Err(OpError::from("not yet")) } else { Ok(()) }
    }
    let began = Instant::now();
    let job = Job::compose("retried", || third_time(began).retry(RetryPolicy::new(2)).pool("api"));
    let log = Log::default();
    job.run().rate("api", 1, per_second).resource(log.clone()).await.unwrap();
    assert_eq!(log.lines(), ["0", "1", "2"]);
}

/// S34
#[tokio::test(start_paused = true)]
async fn a_producer_that_waited_for_room_needs_no_turn_to_go_on() {
    let job = Job::compose("windowed", || emit(5).pool("api").window(1).map(now).collect());
    let run = job.run().pool("api", 1).rate("api", 1, per_hour);
    assert_eq!(starts(run).await, [0; 5]);
}

#[op]
async fn fail(log: Resource<Log>, x: u64) -> Result<u64, OpError> {
    log.say(format!("{x}"));
    Err(OpError::from("it fails"))
}

/// S24
#[tokio::test(start_paused = true)]
async fn who_waits_for_a_pool_does_not_start_in_a_run_that_stops() {
    let job = Job::compose("stops", || count(5).map(|x| fail(x).pool("api")).collect());
    let log = Log::default();
    let run = job.run().fail_fast(true).resource(log.clone());
    let report = run.pool("api", 1).rate("api", 1, per_second).report().await;
    assert_eq!(log.len(), 1);
    assert_eq!(report.count("fail", StepStatus::Failure), 1);
}

#[op]
async fn noted(log: Resource<Log>, x: u64) -> u64 {
    log.say("an op ran");
    x
}

/// Ops that name pools: `gpu` with weights 2 and 3, `api` and `disk`.
#[job]
fn pooled() {
    let x = noted(1).weighted_pool("gpu", 2);
    let _ = noted(x).weighted_pool("gpu", 3);
    let values = count(3).pool("disk").map(|x| noted(x).pool("api"));
    values.map(|x| echo(x).pool("api"));
}

/// The mistakes in a run of [`pooled`], none of whose ops may run.
async fn mistakes(set_up: impl FnOnce(Run<()>) -> Run<()>) -> Vec<String> {
    let log = Log::default();
    let report = set_up(pooled().run().resource(log.clone())).report().await;
    assert_eq!((log.len(), report.steps().len()), (0, 0));
    match report.into_result() {
        Err(RunError::Config(mistakes)) => mistakes.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

fn valid(run: Run<()>) -> Run<()> {
    run.pool("gpu", 3).pool("disk", 1).rate("api", 100, per_second)
}

#[tokio::test]
async fn every_pool_has_a_size_or_a_rate_and_may_be_unused() {
    let run = valid(pooled().run()).resource(Log::default()).pool("nobody's", 1);
    run.grace(Duration::ZERO).await.unwrap();
    let run = valid(pooled().run()).resource(Log::default()).rate("gpu", 9, per_second);
    run.timeout(Duration::MAX).grace(Duration::MAX).await.unwrap();
}

#[tokio::test]
async fn a_limit_of_zero_is_a_mistake() {
    let zero = |setting| [format!("`{setting}` would let no step start: a limit is at least 1")];
    assert_eq!(mistakes(|run| valid(run).max_concurrent(0)).await, zero("run().max_concurrent(0)"));
    assert_eq!(mistakes(|run| valid(run).pool("gpu", 0)).await, zero("run().pool(\"gpu\", 0)"));
    assert_eq!(mistakes(|run| valid(run).pool("unused", 0)).await.len(), 1);
    assert_eq!(
        mistakes(|run| valid(run).rate("api", 0, per_second)).await,
        zero("run().rate(\"api\", 0, ..)")
    );
}

#[tokio::test]
async fn a_pool_that_the_run_does_not_have_is_a_mistake() {
    assert_eq!(
        mistakes(|run| run.pool("gpu", 3).pool("disk", 1)).await,
        ["`noted_3`, `echo` use the pool `api`, which the run does not have: \
          give it a size with `run().pool(\"api\", ..)` or a rate with `run().rate(\"api\", ..)`; \
          it has `disk`, `gpu`"]
    );
    let none = mistakes(|run| run).await;
    assert_eq!(
        none.iter().map(|mistake| mistake.split_once(", which").unwrap().0).collect::<Vec<_>>(),
        [
            "`noted_3`, `echo` use the pool `api`",
            "`count` uses the pool `disk`",
            "`noted`, `noted_2` use the pool `gpu`",
        ]
    );
    assert!(none.iter().all(|mistake| mistake.ends_with("`run().rate(\"api\", ..)`")
        || mistake.ends_with("`run().rate(\"disk\", ..)`")
        || mistake.ends_with("`run().rate(\"gpu\", ..)`")));
}

#[tokio::test]
async fn a_step_that_needs_more_than_its_pool_has_is_a_mistake() {
    assert_eq!(
        mistakes(|run| valid(run).pool("gpu", 2)).await,
        ["`noted_2` takes 3 slots of the pool `gpu`, which has 2: it could never start"]
    );
    assert_eq!(mistakes(|run| valid(run).pool("gpu", 1)).await.len(), 2);
}

#[tokio::test]
async fn no_time_is_a_mistake() {
    assert_eq!(
        mistakes(|run| valid(run).timeout(Duration::ZERO)).await,
        ["`run().timeout(0ns)`: a run that has no time ends before its first step"]
    );
    assert_eq!(
        mistakes(|run| valid(run).rate("api", 5, |steps| Rate::every(steps, ms(0)))).await,
        ["`run().rate(\"api\", 5, ..)`: a rate is per some time, and this one is per 0ns"]
    );
}

#[tokio::test]
async fn all_mistakes_are_reported_together_in_one_order() {
    let all = |run: Run<()>| {
        let run = run.timeout(ms(0)).max_concurrent(0).pool("gpu", 2);
        run.rate("gpu", 0, |steps| Rate::every(steps, ms(0))).pool("disk", 0)
    };
    let found = mistakes(all).await;
    let beginnings = [
        "`run().max_concurrent(0)`",
        "`run().pool(\"disk\", 0)`",
        "`run().rate(\"gpu\", 0, ..)` would",
        "`run().rate(\"gpu\", 0, ..)`: a rate",
        "`run().timeout(0ns)`",
        "`noted_3`, `echo` use",
        "`noted_2` takes 3 slots",
    ];
    assert_eq!(found.len(), beginnings.len(), "{found:#?}");
    for (mistake, beginning) in found.iter().zip(beginnings) {
        assert!(mistake.starts_with(beginning), "{mistake}");
    }
    assert_eq!(mistakes(all).await, found);
    let error = all(pooled().run()).await.unwrap_err();
    let text = format!("7 mistakes in how the run is set up:\n  {}", found.join("\n  "));
    assert_eq!(error.to_string(), text);
}
