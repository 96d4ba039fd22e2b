//! S37 to S39: what a report says, how long values live, and that runtimes and limits change nothing.

use std::time::Duration;

use dynagraph::prelude::*;
use dynagraph::{
    Call, IntoInput, Op, OpSpec, Output, Returned, RunError, RunStatus, Started, StepStatus, invoke,
};
use tokio::time::sleep;

use crate::support::{
    FLAVORS, Flavor, Log, Tracked, Tracker, add, count, echo, ends, keys_of, second, seen_panics,
    steps, sum,
};

#[op]
async fn fail_at_two(x: u64) -> Result<u64, OpError> {
    sleep(Duration::from_secs(10 - x)).await;
    if x == 2 { Err("two".into()) } else { Ok(x) }
}

#[op(optional)]
fn not_one(x: u64) -> Option<u64> {
    (x != 1).then_some(x)
}

#[job]
fn of_everything() -> OutputHandle<u64> {
    let last = echo(7).alias("late");
    let values = count(4).map(fail_at_two).map(not_one).map(echo);
    let _ = sum(values.collect()).alias("lost");
    last
}

/// S37
#[tokio::test(start_paused = true)]
async fn a_report_has_every_step_in_graph_order_then_in_the_order_of_emission() {
    let report = of_everything().run().keep_steps(true).report().await;
    let expected = [
        "late Success",
        "count Success",
        "fail_at_two[0] Success",
        "fail_at_two[1] Success",
        "fail_at_two[2] Failure",
        "fail_at_two[3] Success",
        "not_one[0] Success",
        "not_one[1] Success",
        "not_one[2] UpstreamFailed",
        "not_one[3] Success",
        "echo[0] Success",
        "echo[1] Skipped",
        "echo[2] UpstreamFailed",
        "echo[3] Success",
        "lost UpstreamFailed",
    ];
    assert_eq!(steps(&report), expected);
    assert_eq!(report.status(), RunStatus::Failure);
    for (node, status, count) in [
        ("fail_at_two", StepStatus::Success, 3),
        ("fail_at_two", StepStatus::Failure, 1),
        ("not_one", StepStatus::UpstreamFailed, 1),
        ("echo", StepStatus::Success, 2),
        ("echo", StepStatus::Skipped, 1),
        ("echo", StepStatus::Canceled, 0),
        ("late", StepStatus::Success, 1),
        ("nobody", StepStatus::Success, 0),
    ] {
        assert_eq!(report.count(node, status), count, "{node} {status}");
    }
}

/// S37
#[tokio::test(start_paused = true)]
async fn a_step_report_has_its_attempts_times_and_error() {
    let report = of_everything().run().keep_steps(true).report().await;
    let ran = report.step("fail_at_two[1]").unwrap();
    assert_eq!((ran.node(), ran.op(), ran.attempts()), ("fail_at_two", "fail_at_two", 1));
    assert_eq!(ran.duration(), Some(Duration::from_secs(9)));
    assert!(ran.started().is_some() && ran.error().is_none());
    assert_eq!(ran.path().to_string(), "1");

    let failed = report.step("fail_at_two[2]").unwrap();
    assert_eq!((failed.attempts(), failed.duration()), (1, Some(Duration::from_secs(8))));
    assert_eq!(failed.error().map(ToString::to_string).as_deref(), Some("two"));

    let unstarted = report.step("echo[2]").unwrap();
    assert_eq!((unstarted.attempts(), unstarted.duration()), (0, None));
    assert!(unstarted.started().is_none() && unstarted.error().is_none());

    let aliased = report.step("late").unwrap();
    assert_eq!((aliased.node(), aliased.op(), aliased.path().len()), ("late", "echo", 0));
    assert!(report.step("fail_at_two[9]").is_none() && report.step("fail_at_two").is_none());
    assert_eq!(report.duration(), Duration::from_secs(10));
}

/// S37
#[tokio::test(start_paused = true)]
async fn without_keep_steps_a_report_has_counts_and_what_did_not_succeed() {
    let report = of_everything().run().report().await;
    let expected = [
        "fail_at_two[2] Failure",
        "not_one[2] UpstreamFailed",
        "echo[1] Skipped",
        "echo[2] UpstreamFailed",
        "lost UpstreamFailed",
    ];
    assert_eq!(steps(&report), expected);
    assert_eq!(report.count("fail_at_two", StepStatus::Success), 3);
    let [failed] = report.failures().collect::<Vec<_>>()[..] else { panic!("{report:?}") };
    assert_eq!((failed.key(), failed.started()), ("fail_at_two[2]", None));
    assert!(matches!(report.into_result(), Err(RunError::Failed(_))));
}

#[tokio::test]
async fn each_run_has_an_id_of_its_own_and_its_ops_know_it() {
    #[op]
    fn whose(ctx: OpContext) -> String {
        ctx.run_id().to_string()
    }

    #[job]
    fn asking() -> OutputHandle<String> {
        whose()
    }

    let job = asking();
    let (a, b) = (job.run().report().await, job.run().report().await);
    assert_ne!(a.id(), b.id());
    assert_eq!(a.output(), Some(&a.id().to_string()));
}

#[job]
fn several_uses() -> DynamicHandle<u64> {
    let plain = echo(100);
    let nested = count(2).flat_map(|x| count(2).map(|y| echo(add(x, y)).alias("inner")));
    nested.map(|x| add(x, plain))
}

/// S37
#[tokio::test]
async fn the_values_of_an_op_are_found_by_its_type() {
    let report = several_uses().run().keep_values(true).report().await;
    let expected: Keyed<u64> =
        [("echo", 100), ("0/0", 0), ("0/1", 1), ("1/0", 1), ("1/1", 2)].into_iter().collect();
    assert_eq!(report.values::<echo>(), expected);
    let emitted: Vec<_> = report.values::<count>().into_iter().collect();
    // The inner use does not depend on the outer keys, and so runs once.
    assert_eq!(emitted.len(), 2 + 2);
    assert_eq!(emitted[0], ("0".into(), 0));
    assert!(report.values::<sum>().is_empty());
    assert!(several_uses().run().report().await.values::<echo>().is_empty());
}

#[op]
fn track(all: Resource<Tracker>, x: u64) -> Tracked {
    all.make(x)
}

#[op]
fn own(value: Tracked) -> u64 {
    value.number
}

#[op]
fn pass_on(value: Tracked) -> Tracked {
    value
}

#[op]
fn borrow(value: &Tracked) -> u64 {
    value.number
}

#[op]
fn borrow_all(values: &[Tracked]) -> u64 {
    values.iter().map(|value| value.number).sum()
}

/// Says how many tracked values live, when its input is there.
#[op]
async fn living(log: Resource<Log>, all: Resource<Tracker>, after: u64) -> u64 {
    // A step gives its inputs up when it has ended, which is a moment after its output is there.
    sleep(Duration::from_secs(1)).await;
    log.say(all.live.now().to_string());
    after
}

#[job]
fn dropped_at_last_use() {
    let value = track(1);
    let read = borrow(value);
    let before = living(read);
    let owned = own(value.after_all(before));
    living(owned);
    let unused = track(2).alias("unused");
    let _ = living(7).after(unused);
}

trait AfterAll {
    fn after_all(self, other: OutputHandle<u64>) -> Self;
}

impl AfterAll for OutputHandle<Tracked> {
    /// The same value, handed on once another is there.
    fn after_all(self, other: OutputHandle<u64>) -> Self {
        pass_on(self).after(other)
    }
}

/// S38
#[tokio::test(start_paused = true)]
async fn a_value_is_dropped_when_its_last_consumer_has_it() {
    let (log, tracker) = (Log::default(), Tracker::default());
    let run = dropped_at_last_use().run().resource(log.clone()).resource(tracker.clone());
    run.await.unwrap();
    // The unused value is gone at once; the other lives until it was owned.
    assert_eq!(log.lines(), ["1", "1", "0"]);
    assert_eq!((tracker.live.now(), tracker.clones()), (0, 0));
}

#[job]
fn in_copies() -> OutputHandle<u64> {
    let values = count(100).max_concurrent(1).map(track);
    let owned = values.map(pass_on).map(own);
    sum(owned.collect())
}

/// S38
#[test]
fn a_copys_values_die_with_it() {
    for flavor in FLAVORS {
        ends(flavor, || async {
            let tracker = Tracker::default();
            assert_eq!(in_copies().run().resource(tracker.clone()).await.unwrap(), 4_950);
            assert_eq!((tracker.live.most(), tracker.live.now(), tracker.clones()), (1, 0, 0));
        });
    }
}

/// The value is used by three steps, one after the other.
#[job]
fn owned_three_times() -> OutputHandle<u64> {
    let value = track(5);
    let first = own(value);
    let again = own(value).after(first);
    own(value).after(again)
}

#[job]
fn borrowed_often() -> OutputHandle<u64> {
    let value = track(5);
    let all = count(10).map(|x| add(x, borrow(value)));
    let list = count(3).map(track).collect();
    add(add(borrow(value), sum(all.collect())), add(borrow_all(list), borrow_all(list)))
}

#[job]
fn collected_once() -> OutputHandle<u64> {
    borrow_all(count(10).map(track).map(pass_on).collect())
}

#[job]
fn given_out() -> (OutputHandle<Tracked>, DynamicHandle<Tracked>) {
    (pass_on(track(1)), count(3).map(track))
}

#[job]
fn folded() -> OutputHandle<u64> {
    count(10).map(track).fold(0, |all, value| add(all, own(value)))
}

/// S38
#[tokio::test]
async fn the_last_consumer_is_given_the_value_and_others_a_clone() {
    let tracker = Tracker::default();
    assert_eq!(owned_three_times().run().resource(tracker.clone()).await.unwrap(), 5);
    assert_eq!(tracker.clones(), 2);
}

/// S38
#[tokio::test]
async fn a_borrowed_value_is_never_cloned() {
    let tracker = Tracker::default();
    assert_eq!(borrowed_often().run().resource(tracker.clone()).await.unwrap(), 106);
    assert_eq!((tracker.clones(), tracker.live.now()), (0, 0));
}

/// S38
#[tokio::test]
async fn collecting_folding_and_giving_out_clone_nothing() {
    let tracker = Tracker::default();
    assert_eq!(collected_once().run().resource(tracker.clone()).await.unwrap(), 45);
    assert_eq!(folded().run().resource(tracker.clone()).await.unwrap(), 45);
    let (one, all) = given_out().run().resource(tracker.clone()).await.unwrap();
    assert_eq!((one.number, all["2"].number, tracker.live.now()), (1, 2, 4));
    assert_eq!(tracker.clones(), 0);
}

#[job]
fn of_many_parts() -> (OutputHandle<Vec<Vec<u64>>>, OutputHandle<u64>, DynamicHandle<u64>) {
    let values = count(12).map(not_one).map(echo);
    let all = sum(values.collect());
    let nested = values.map(|x| count(x).map(|y| second(all, add(x, y))));
    let products = values.batch(4).map(|batch| sum(batch)).map(|x| add(x, all));
    (nested.collect(), values.fold(0, add), products)
}

#[job]
fn of_failing_parts() -> OutputHandle<u64> {
    let values = count(12).map(not_one).map(fail_if_even);
    count(6).map(|x| count(x).map(|y| fail_if_even(add(x, y))));
    add(sum(values.collect()), echo(1))
}

#[op]
fn fail_if_even(x: u64) -> Result<u64, String> {
    if x.is_multiple_of(2) { Err(format!("{x} is even")) } else { Ok(x) }
}

/// What a run says that does not depend on time.
fn outcome(flavor: Flavor, limit: Option<usize>) -> (String, Vec<String>, Vec<String>) {
    ends(flavor, move || async move {
        let (job, failing) = (of_many_parts(), of_failing_parts());
        let (mut run, mut failing_run) = (job.run(), failing.run());
        if let Some(limit) = limit {
            (run, failing_run) = (run.max_concurrent(limit), failing_run.max_concurrent(limit));
        }
        let report = run.keep_steps(true).report().await;
        let failed = failing_run.keep_steps(true).report().await;
        let printed = failed.error().map(ToString::to_string).unwrap_or_default();
        let output = format!("{:?} {printed}", report.output());
        (output, steps(&report), steps(&failed))
    })
}

/// S39
#[test]
fn runtimes_and_limits_do_not_change_what_a_run_gives() {
    let expected = outcome(Flavor::CurrentThread, None);
    assert!(expected.0.starts_with("Some(([["), "{}", expected.0);
    assert_eq!(expected.1.len(), 186);
    assert_eq!(expected.2.len(), 65);
    for flavor in FLAVORS {
        for limit in [None, Some(1), Some(2), Some(7)] {
            assert_eq!(outcome(flavor, limit), expected, "{flavor:?}, limit {limit:?}");
        }
    }
}

/// S39
#[tokio::test(start_paused = true)]
async fn a_fan_out_of_ten_thousand_keys_gives_every_key() {
    #[job]
    fn many() -> (OutputHandle<u64>, DynamicHandle<u64>) {
        let values = count(10_000).map(echo);
        (sum(values.collect()), values.filter(is_odd))
    }

    #[op(inline)]
    fn is_odd(x: &u64) -> bool {
        !x.is_multiple_of(2)
    }

    let report = many().run().report().await;
    assert_eq!(report.count("echo", StepStatus::Success), 10_000);
    assert_eq!(keys_of(&report, StepStatus::Failure), [""; 0]);
    let (total, odd) = report.into_result().unwrap();
    assert_eq!((total, odd.len()), (49_995_000, 5_000));
}

/// Begins a future, and ends without it; or panics when it has ended.
enum Hasty {}

impl Op for Hasty {
    const NAME: &'static str = "hasty";
    type Inputs = (u64,);
    type Output = Tracked;
    type Handles = OutputHandle<Tracked>;

    fn spec() -> OpSpec {
        OpSpec::new(&["x"]).resource::<Tracker>()
    }

    fn start(call: &mut Call<'_>) -> Started {
        let (x, tracker) = (call.owned::<u64>(), call.resource::<Tracker>());
        let held = tracker.make(x);
        let _unused = call.future(async move {
            std::future::pending::<()>().await;
            Ok(Returned::one(Output::value(held)))
        });
        let ended = call.done(Ok(Returned::one(Output::value(tracker.make(x)))));
        assert!(x % 2 == 0, "after its end, on purpose");
        ended
    }
}

/// How much lives once the value itself was taken.
#[op]
async fn left_over(tracker: Resource<Tracker>, value: Tracked) -> usize {
    drop(value);
    tracker.live.now()
}

/// S38
#[tokio::test]
async fn what_an_attempt_leaves_behind_is_dropped_with_it() {
    seen_panics();
    let job = Job::compose("hasty", || {
        let left = count(8)
            .max_concurrent(1)
            .map(|x| left_over(invoke::<Hasty>((IntoInput::into_input(x),))));
        left.collect_partial(Tolerance::all())
    });
    let partial = job.run().resource(Tracker::default()).await.unwrap();
    assert_eq!((partial.values.len(), partial.failed.len()), (4, 4));
    assert!(partial.values.values().all(|left| *left == 0), "{:?}", partial.values);
}
