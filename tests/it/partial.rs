//! S16: a fan-in that tolerates failed keys, and what that makes of the run.

use std::time::Duration;

use dynagraph::prelude::*;
use dynagraph::{BuildError, JobOutput, RunError, RunReport, RunStatus, StepError, StepReport};
use tokio::time::sleep;

use crate::support::{FLAVORS, add, count, echo, ends, keys_of, seen_panics, steps, sum};

/// Fails for odd numbers, the larger ones first.
#[op]
async fn even(x: u64) -> Result<u64, String> {
    sleep(Duration::from_secs(100 - x)).await;
    if x.is_multiple_of(2) { Ok(x) } else { Err(format!("{x} is odd")) }
}

/// Fails for numbers of at least ten.
#[op(inline)]
fn small(x: u64) -> Result<u64, OpError> {
    if x < 10 { Ok(x) } else { Err(format!("{x} is large").into()) }
}

#[op(inline)]
fn shout(x: u64) -> u64 {
    let _ = x;
    panic!("for {x} on purpose")
}

#[op(inline)]
fn broken() -> Result<u64, OpError> {
    Err("broken".into())
}

#[op(inline, optional)]
fn not_one(x: u64) -> Option<u64> {
    (x != 1).then_some(x)
}

#[op(inline)]
fn times_ten(x: u64) -> u64 {
    x * 10
}

#[op(inline)]
fn three_of(x: u64) -> Result<Vec<DynamicOutput<u64>>, OpError> {
    if x == 13 {
        return Err("no such number".into());
    }
    Ok((x..x + 3).map(|i| DynamicOutput::new(i, i)).collect())
}

#[op]
async fn two_then_fail(out: DynamicOut<u64>) -> Result<(), OpError> {
    out.emit(0, 0).await?;
    out.emit(1, 1).await?;
    Err("after two keys".into())
}

/// What came of the keys: `3 of 5: 1 3`.
#[op(inline)]
fn describe(partial: &Partial<u64>) -> String {
    let failed: Vec<_> = partial.failed.iter().map(|failed| failed.key.as_str()).collect();
    format!("{} of {}: {}", partial.values.len(), partial.total(), failed.join(" "))
}

#[op(inline)]
fn how_many(partial: Partial<u64>) -> u64 {
    partial.values.len() as u64
}

/// Composes and runs a job.
async fn report<R: JobOutput<Output: Send>>(body: impl FnOnce() -> R) -> RunReport<R::Output> {
    Job::compose("partial", body).run().report().await
}

#[track_caller]
fn assert_failed<T: std::fmt::Debug>(report: &RunReport<T>, failures: &[&str]) {
    assert_eq!(report.status(), RunStatus::Failure, "{report:?}");
    let Some(RunError::Failed(named)) = report.error() else { panic!("{report:?}") };
    assert_eq!(named.steps().map(StepReport::key).collect::<Vec<_>>(), failures);
}

/// Five keys, of which two fail, collected with a tolerance.
async fn five(tolerance: Tolerance) -> RunReport<String> {
    report(|| describe(count(5).map(even).map(echo).collect_partial(tolerance))).await
}

/// S16
#[tokio::test(start_paused = true)]
async fn the_consumer_runs_when_few_enough_keys_failed() {
    for tolerance in
        [Tolerance::count(2), Tolerance::count(9), Tolerance::ratio(0.4), Tolerance::all()]
    {
        let report = five(tolerance).await;
        assert_eq!(report.output().map(String::as_str), Some("3 of 5: 1 3"), "{tolerance:?}");
        assert_eq!(report.status(), RunStatus::Success);
        let failures: Vec<_> = report.failures().map(StepReport::key).collect();
        assert_eq!(failures, ["even[1]", "even[3]"]);
        assert_eq!(keys_of(&report, StepStatus::UpstreamFailed), ["echo[1]", "echo[3]"]);
    }
}

/// S16
#[tokio::test(start_paused = true)]
async fn beyond_the_tolerance_the_consumer_is_upstream_failed() {
    for tolerance in [Tolerance::none(), Tolerance::count(1), Tolerance::ratio(0.39)] {
        let report = five(tolerance).await;
        assert_failed(&report, &["even[1]", "even[3]"]);
        let consumer = report.step("describe").map(StepReport::status);
        assert_eq!(consumer, Some(StepStatus::UpstreamFailed), "{tolerance:?}");
        assert!(report.into_result().is_err());
    }
}

/// What an error says of a `collect_partial` in a line of this file.
fn exceeded(error: &str, at: u32) -> &str {
    let place = format!("\n  `collect_partial` at {}:{at}:", file!());
    let (_, line) = error.split_once(&place).unwrap_or_else(|| panic!("{error}"));
    let line = line.lines().next().unwrap_or_default();
    line.split_once(": ").map_or(line, |(_column, what)| what)
}

#[tokio::test(start_paused = true)]
async fn the_error_says_which_tolerance_was_exceeded() {
    let mut line = 0;
    let report = report(|| {
        line = line!() + 1;
        describe(count(5).map(even).collect_partial(Tolerance::ratio(0.29)))
    })
    .await;
    let error = report.error().unwrap().to_string();
    assert_eq!(exceeded(&error, line), "2 of 5 keys failed, and at most 29 % may");
    let steps =
        "2 steps failed\n  step `even[1]`: 1 is odd\n  step `even[3]`: 3 is odd\n  `collect";
    assert!(error.starts_with(steps), "{error}");
    assert_eq!(error.lines().count(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_tolerance_that_was_exceeded_in_several_copies_is_said_once_and_an_accepted_one_not() {
    let nested = async |outer: Tolerance| {
        let mut line = 0;
        let report = report(|| {
            let mut judge = |inner: DynamicHandle<u64>| {
                line = line!() + 1;
                how_many(inner.collect_partial(Tolerance::none()))
            };
            let judged = count(12).map(|x| judge(three_of(x).map(small)));
            (describe(judged.collect_partial(outer)), broken())
        })
        .await;
        (line, report.error().unwrap().to_string())
    };
    let (line, error) = nested(Tolerance::count(3)).await;
    assert_eq!(exceeded(&error, line), "in 4 copies, up to 3 of 3 keys failed, and none may");
    assert!(error.contains("4 of 12 keys failed, and at most 3 may"), "{error}");
    let (_, error) = nested(Tolerance::all()).await;
    assert_eq!(error, "step `broken` failed: broken");
}

/// S8, S16
#[tokio::test]
async fn without_keys_or_failures_every_tolerance_is_met() {
    for tolerance in [Tolerance::none(), Tolerance::ratio(0.0), Tolerance::all()] {
        for keys in [0, 3] {
            let partial =
                Job::compose("none", || count(keys).map(small).collect_partial(tolerance))
                    .run()
                    .await
                    .unwrap();
            assert!(partial.is_complete());
            assert_eq!(partial.total(), usize::try_from(keys).unwrap());
        }
    }
}

/// S12, S16
#[tokio::test(start_paused = true)]
async fn values_and_failed_keys_are_in_the_order_of_emission() {
    let report = report(|| count(40).map(even).collect_partial(Tolerance::all())).await;
    let partial = report.output().unwrap();
    assert!(partial.values.values().copied().eq((0..40).step_by(2)));
    assert!(
        partial
            .failed
            .iter()
            .map(|failed| failed.key.clone())
            .eq((1..40_u64).step_by(2).map(MappingKey::from))
    );
    assert_eq!((partial.total(), partial.is_complete()), (40, false));
    assert_eq!(partial.clone().values["38"], 38);
}

/// S16, S21
#[tokio::test]
async fn a_failed_key_says_which_step_failed_and_why() {
    seen_panics();
    let job = Job::compose("contents", || {
        let added = count(12).map(|x| {
            let loud = add(small(x).alias("check"), 1);
            echo(loud)
        });
        let loud = count(1).map(shout).map(echo);
        (added.collect_partial(Tolerance::all()), loud.collect_partial(Tolerance::all()))
    });
    let (partial, loud) = job.run().await.unwrap();
    let failed = &partial.failed[1];
    assert_eq!(failed.key, MappingKey::from(11));
    assert_eq!((failed.step.node(), failed.attempts), ("check", 1));
    assert!(matches!(&*failed.error, StepError::Op(error) if error.to_string() == "11 is large"));
    assert_eq!(failed.to_string(), "11: check[11] failed: 11 is large");
    assert!(matches!(&*loud.failed[0].error, StepError::Panicked(_)));
    assert_eq!(loud.failed[0].to_string(), "0: shout[0] failed: panicked: for 0 on purpose");
}

/// S16, S19
#[tokio::test]
async fn skipped_keys_are_left_out_and_do_not_count() {
    let job = Job::compose("skips", || {
        let values = count(4).map(not_one).map(times_ten);
        describe(values.map(small).collect_partial(Tolerance::ratio(0.67)))
    });
    assert_eq!(job.run().await.unwrap(), "1 of 3: 2 3");
}

/// S16, S20, S25
#[tokio::test]
async fn what_becomes_of_the_producer_is_not_tolerated() {
    let report = report(|| describe(two_then_fail().collect_partial(Tolerance::all()))).await;
    assert_failed(&report, &["two_then_fail"]);
    assert_eq!(steps(&report), ["two_then_fail Failure", "describe UpstreamFailed"]);

    let skipped =
        self::report(|| describe(count(not_one(1)).collect_partial(Tolerance::none()))).await;
    assert_eq!(skipped.status(), RunStatus::Success);
    assert_eq!(steps(&skipped), ["count Skipped", "describe Skipped"]);
}

/// S16, S22
#[tokio::test]
async fn what_else_was_lost_in_the_copy_of_an_accepted_key_is_tolerated() {
    let report = report(|| {
        let scored = count(12).map(|x| {
            let fetched = small(x);
            let _ = echo(fetched).alias("log");
            times_ten(fetched)
        });
        describe(scored.collect_partial(Tolerance::count(2)))
    })
    .await;
    assert_eq!(report.into_result().unwrap(), "10 of 12: 10 11");
}

/// S16, S22
#[tokio::test]
async fn what_failed_in_a_copy_whose_key_succeeded_is_not_tolerated() {
    let report = report(|| {
        let kept = count(12).map(|x| {
            let _ = small(x).alias("log");
            echo(x)
        });
        describe(kept.collect_partial(Tolerance::all()))
    })
    .await;
    assert_failed(&report, &["log[10]", "log[11]"]);
    assert_eq!(report.count("describe", StepStatus::Success), 1);
}

/// S13, S16
#[tokio::test]
async fn the_run_fails_if_the_same_keys_are_also_collected_as_a_whole() {
    let failing = || count(11).map(small);
    let with_step = report(|| {
        let values = failing();
        sum(values.collect());
        describe(values.collect_partial(Tolerance::all()))
    })
    .await;
    assert_failed(&with_step, &["small[10]"]);
    assert_eq!(with_step.count("describe", StepStatus::Success), 1);

    let as_output = report(|| {
        let values = failing();
        (values.collect(), values.collect_partial(Tolerance::all()))
    })
    .await;
    assert_failed(&as_output, &["small[10]"]);

    let beyond = report(|| {
        let values = failing();
        describe(values.collect_partial(Tolerance::none()));
        describe(values.collect_partial(Tolerance::all()))
    })
    .await;
    assert_failed(&beyond, &["small[10]"]);
}

/// S16
#[tokio::test]
async fn only_failures_that_nobody_tolerates_are_named() {
    let report = report(|| {
        broken();
        describe(count(11).map(small).collect_partial(Tolerance::all()))
    })
    .await;
    assert_failed(&report, &["broken"]);
    let failures: Vec<_> = report.failures().map(StepReport::key).collect();
    assert_eq!(failures, ["broken", "small[10]"]);
}

/// S9, S16
#[tokio::test]
async fn each_outer_copy_may_tolerate_its_own_keys() {
    // The numbers from 10 on fail: none in the first eight copies, one in copy 8, two in copy 9, three in 10 and 11.
    let nested = |inner: Tolerance, outer: Tolerance| {
        report(move || {
            let of_copy = |x| how_many(three_of(x).map(small).map(echo).collect_partial(inner));
            describe(count(12).map(of_copy).collect_partial(outer))
        })
    };
    let within = nested(Tolerance::count(1), Tolerance::count(3)).await;
    assert_eq!(within.into_result().unwrap(), "9 of 12: 9 10 11");
    let all = nested(Tolerance::all(), Tolerance::none()).await;
    assert_eq!(all.into_result().unwrap(), "12 of 12: ");
    let beyond = nested(Tolerance::count(1), Tolerance::count(2)).await;
    // What copy 8 tolerated stays tolerated.
    assert_eq!(beyond.failures().count(), 9);
    let Some(RunError::Failed(named)) = beyond.error() else { panic!("{beyond:?}") };
    assert_eq!(named.steps().len(), 8);
    assert!(named.steps().all(|step| step.key() != "small[8/10]"));
}

/// S12, S16
#[tokio::test]
async fn nested_keys_are_judged_together_and_named_by_their_paths() {
    for flattened in [true, false] {
        let job = Job::compose("nested", || {
            let nested = count(10).map(|x| three_of(x).map(small).map(not_one));
            if flattened {
                nested.flatten().collect_partial(Tolerance::ratio(0.11))
            } else {
                nested.collect_partial(Tolerance::count(3))
            }
        });
        let partial = job.run().await.unwrap();
        // The key 1 of the copies 0 and 1 is skipped.
        assert_eq!((partial.total(), partial.values.len()), (28, 25));
        let failed: Vec<_> = partial.failed.iter().map(ToString::to_string).collect();
        assert_eq!(failed[0], "8/10: small[8/10] failed: 10 is large");
        assert_eq!(partial.failed[2].key.as_str(), "9/11");
        assert!(partial.values.keys().take(3).map(MappingKey::as_str).eq(["0/0", "0/2", "1/2"]));
    }
}

/// S16, S25
#[tokio::test]
async fn the_keys_of_a_nested_producer_that_failed_are_not_known() {
    let nested = || count(14).map(|x| three_of(x).map(echo));
    let flat = report(|| describe(nested().collect_partial(Tolerance::all()))).await;
    assert_failed(&flat, &["three_of[13]"]);
    let judged = report(|| {
        let of_copy = nested().map(|inner| how_many(inner.collect_partial(Tolerance::none())));
        describe(of_copy.collect_partial(Tolerance::count(1)))
    })
    .await;
    assert_eq!(judged.into_result().unwrap(), "13 of 14: 13");
}

/// S16
#[tokio::test]
async fn a_failure_is_tolerated_through_batches_zips_folds_and_replays() {
    let batched = report(|| {
        let values = count(12).map(|x| {
            let fetched = small(x);
            let _ = echo(fetched).alias("log");
            times_ten(fetched)
        });
        describe(values.batch(5).map(sum).collect_partial(Tolerance::all()))
    })
    .await;
    assert_eq!(batched.into_result().unwrap(), "2 of 3: 2");

    let zipped = report(|| {
        let zip = count(12).map(small).map(echo).zip(count(13).map(times_ten).map(echo));
        let added = zip.map(|pair| {
            let (a, b) = pair.unzip();
            add(a, b)
        });
        let partial = added.collect_partial(Tolerance::count(3));
        (partial, describe(partial))
    })
    .await;
    let (partial, described) = zipped.into_result().unwrap();
    assert_eq!(described, "10 of 13: 10 11 12");
    assert_eq!(partial.failed[0].step.to_string(), "small[10]");
    assert!(matches!(&*partial.failed[2].error, StepError::Unmatched { .. }));

    let folded = report(|| {
        let totals = count(12).map(|x| three_of(x).map(small).map(echo).fold(0, add));
        describe(totals.collect_partial(Tolerance::all()))
    })
    .await;
    assert_eq!(folded.into_result().unwrap(), "8 of 12: 8 9 10 11");

    let replayed = report(|| {
        let values = count(11).map(small).map(echo);
        let counted = count(2)
            .map(|x| how_many(values.map(|y| add(x, y)).collect_partial(Tolerance::count(1))));
        sum(counted.collect())
    })
    .await;
    assert_eq!(replayed.into_result().unwrap(), 20);
}

/// S16
#[tokio::test]
async fn values_from_outside_may_be_why_all_keys_failed() {
    let tolerated = report(|| {
        let config = echo(echo(broken()));
        // The total fails for what one key gave, and one after it is not added.
        let total = count(15).fold(0, |total, y| add(total, sum(three_of(y).collect())));
        let values = count(3).map(|x| add(add(x, config), total));
        values.collect_partial(Tolerance::all())
    })
    .await;
    let partial = tolerated.into_result().unwrap();
    assert_eq!(partial.failed.len(), 3);
    assert_eq!(partial.failed[0].step.to_string(), "broken");

    let needed_elsewhere = report(|| {
        let config = echo(broken());
        echo(config);
        count(3).map(|x| add(x, config)).collect_partial(Tolerance::all())
    })
    .await;
    assert_failed(&needed_elsewhere, &["broken"]);

    let in_a_copy = |needed_elsewhere| {
        report(move || {
            let nested = count(11).map(|x| {
                let config = echo(small(x));
                if needed_elsewhere {
                    let _ = echo(config).alias("log");
                }
                three_of(x).map(|y| add(y, config))
            });
            describe(nested.flatten().collect_partial(Tolerance::count(3)))
        })
    };
    let tolerated = in_a_copy(false).await;
    assert_eq!(tolerated.into_result().unwrap(), "30 of 33: 10/10 10/11 10/12");
    assert_failed(&in_a_copy(true).await, &["small[10]"]);
}

/// S14, S16
#[tokio::test]
async fn copies_that_wait_for_the_partial_result_of_all_of_them_are_tolerated() {
    let report = report(|| {
        let scored = count(12).map(small);
        let all = how_many(scored.collect_partial(Tolerance::count(2)));
        describe(scored.map(|score| echo(add(score, all))).collect_partial(Tolerance::count(2)))
    })
    .await;
    assert_eq!(report.into_result().unwrap(), "10 of 12: 10 11");

    let alone = self::report(|| {
        let scored = count(12).map(small);
        let all = how_many(scored.collect_partial(Tolerance::count(2)));
        scored.map(|score| echo(add(score, all)));
    })
    .await;
    assert_eq!(alone.status(), RunStatus::Success, "{alone:?}");
    assert_eq!(alone.count("add", StepStatus::UpstreamFailed), 2);
}

/// S16
#[tokio::test]
async fn a_long_chain_of_lost_steps_in_a_copy_is_tolerated() {
    let chained = |long: usize| {
        report(move || {
            let values = count(11).map(|x| {
                let first = small(x);
                (0..long).fold(first, |last, _| echo(last))
            });
            describe(values.collect_partial(Tolerance::count(1)))
        })
    };
    let report = chained(10_000).await;
    assert_eq!(report.count("echo_10000", StepStatus::UpstreamFailed), 1);
    assert_eq!(report.into_result().unwrap(), "10 of 11: 10");
}

/// S16, S24
#[tokio::test]
async fn a_run_that_fails_fast_tolerates_nothing() {
    for _ in 0..20 {
        let job = Job::compose("fast", || {
            describe(count(11).map(small).collect_partial(Tolerance::all()))
        });
        let report = job.run().fail_fast(true).report().await;
        assert_failed(&report, &["small[10]"]);
    }
    let job = Job::compose("fast", || describe(count(3).collect_partial(Tolerance::none())));
    assert_eq!(job.run().fail_fast(true).await.unwrap(), "3 of 3: ");
}

/// S16, S39
#[test]
fn a_partial_result_is_the_same_on_every_runtime() {
    for flavor in FLAVORS {
        for limit in [1, 3, 64] {
            let described = ends(flavor, move || async move {
                let job = Job::compose("flavors", || {
                    let nested = count(40).map(|x| three_of(x).map(small).map(times_ten));
                    let judged =
                        nested.map(|inner| how_many(inner.collect_partial(Tolerance::count(2))));
                    describe(judged.collect_partial(Tolerance::ratio(0.75)))
                });
                job.run().max_concurrent(limit).await.unwrap()
            });
            assert!(described.starts_with("10 of 40: 10 11 12 13"), "{described}");
        }
    }
}

#[test]
fn a_ratio_that_is_none_makes_the_job_invalid() {
    for ratio in [f64::NAN, -0.5, 1.5] {
        let mut line = 0;
        let job = Job::compose("ratio", || {
            line = line!() + 1;
            count(2).collect_partial(Tolerance::ratio(ratio))
        });
        let error = job.check().expect_err("the job is not valid");
        let BuildError::BadRatio { at, .. } = &error else { panic!("{error:?}") };
        assert_eq!((at.file(), at.line()), (file!(), line));
        assert!(error.to_string().contains(&format!("Tolerance::ratio({ratio:?})")), "{error}");
    }
}

#[test]
fn a_partial_collect_is_a_node_of_the_graph() {
    let job = Job::compose("shown", || describe(count(2).collect_partial(Tolerance::none())));
    let names: Vec<_> = job.graph().nodes().iter().map(|node| node.name().to_owned()).collect();
    assert_eq!(names, ["count", "collect_partial", "describe"]);
}
