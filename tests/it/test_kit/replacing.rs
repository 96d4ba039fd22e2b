//! Ops that a run replaces.

use std::future::pending;
use std::thread;
use std::time::Duration;

use dynagraph::prelude::*;
use dynagraph::{ConfigError, IntoInput, RunError, StepReport};
use tokio::time::{Instant, sleep};

use super::{Network, SECOND, crawl, fetch};
use crate::support::{FLAVORS, Log, add, count, echo, ends, keys_of, seen_panics, sum};

#[test]
fn a_replaced_op_is_not_called_and_needs_no_resource() {
    for flavor in FLAVORS {
        let page = ends(flavor, || {
            let run = crawl().run();
            run.replace::<fetch>(|url| async move { Ok(url.to_uppercase()) }).into_future()
        });
        assert_eq!(page.unwrap(), "A B C");
    }
}

#[tokio::test]
async fn a_resource_that_another_op_asks_for_is_still_missed() {
    #[job]
    fn asking() {
        ask_too();
        fetch("a");
    }
    let run = asking().run().replace::<fetch>(|url| async move { url });
    let error = run.await.unwrap_err();
    let RunError::MissingResources(missing) = &error else { panic!("{error:?}") };
    assert_eq!(missing[0].ops(), ["ask_too"]);
}

#[op]
async fn ask_too(_network: Resource<Network>) {}

#[tokio::test]
async fn an_async_closure_replaces_as_well() {
    let run = crawl().run().replace::<fetch>(async |url| {
        if url.is_empty() {
            return Err("no url".into());
        }
        Ok(format!("<{url}>"))
    });
    assert_eq!(run.await.unwrap(), "<a> <b> <c>");
}

#[tokio::test]
async fn errors_of_a_replaced_op_are_those_of_its_steps() {
    let run = crawl().run().replace::<fetch>(|url| async move {
        if url == "b" {
            std::fs::read("/no/such/file")?;
        }
        Ok(url)
    });
    let report = run.report().await;
    assert_eq!(keys_of(&report, StepStatus::Failure), ["fetch[b]"]);

    let always = crawl().run().replace::<fetch>(|_| async { OpError::new("down") });
    let error = always.await.unwrap_err().to_string();
    assert!(error.contains("down (fetch[a], fetch[b], fetch[c])"), "{error}");
}

/// S26
#[tokio::test]
async fn a_panic_of_what_replaces_an_op_is_the_step_s() {
    let _quiet = seen_panics();
    for early in [true, false] {
        let report = crawl()
            .run()
            .replace::<fetch>(move |url| {
                assert!(!(early && url == "a"), "early, on purpose");
                async move {
                    assert!(url != "a", "late, on purpose");
                    url
                }
            })
            .report()
            .await;
        assert_eq!(keys_of(&report, StepStatus::Failure), ["fetch[a]"]);
    }
}

#[tokio::test]
async fn a_replaced_op_sees_what_its_test_holds() {
    let asked = Log::default();
    let log = asked.clone();
    let run = crawl().run().max_concurrent(1).replace::<fetch>(move |url| {
        log.say(&url);
        async move { url }
    });
    run.await.unwrap();
    assert_eq!(asked.lines(), ["a", "b", "c"]);
}

#[tokio::test]
async fn the_last_replacement_of_an_op_counts_for_its_run_only() {
    let job = crawl();
    let run = job.run().replace::<fetch>(|url| async move { url });
    let run = run.replace::<fetch>(|_| async { "x".to_owned() });
    assert_eq!(run.await.unwrap(), "x x x");
    assert!(job.run().resource(Network).await.is_err());
}

#[tokio::test]
async fn a_replaced_op_keeps_its_retries() {
    #[op(max_retries = 2)]
    fn flaky(x: u64) -> Result<u64, String> {
        Err(format!("{x} is never right"))
    }
    #[job]
    fn retried() -> OutputHandle<Vec<u64>> {
        all(count(2).map(flaky).collect())
    }
    let tries = Log::default();
    let log = tries.clone();
    let run = retried().run().keep_steps(true).replace::<flaky>(move |x| {
        log.say("try");
        let third = log.len() % 3 == 0;
        async move { if third { Ok(x) } else { Err("again".into()) } }
    });
    let report = run.max_concurrent(1).report().await;
    assert_eq!(report.output(), Some(&vec![0, 1]), "{:?}", report.error());
    let attempts = report.steps().filter(|step| step.op() == "flaky").map(StepReport::attempts);
    assert_eq!(attempts.collect::<Vec<_>>(), [3, 3]);
}

#[op]
fn all(numbers: Vec<u64>) -> Vec<u64> {
    numbers
}

#[op(timeout = "1s")]
fn timely(x: u64) -> u64 {
    x
}

/// S31
#[tokio::test(start_paused = true)]
async fn a_replaced_op_keeps_its_timeout() {
    #[job]
    fn timed() -> OutputHandle<u64> {
        timely(1)
    }
    let began = Instant::now();
    let run = timed().run().replace::<timely>(|_| pending::<u64>());
    let error = run.await.unwrap_err();
    assert_eq!(began.elapsed(), SECOND, "{error}");
}

#[op]
fn work(x: u64) -> u64 {
    thread::sleep(Duration::from_secs(3_600));
    x
}

/// The ops of each copy block, so that lanes would run them on threads.
#[tokio::test(start_paused = true)]
async fn a_replaced_op_that_blocked_lets_paused_time_run_on() {
    #[job]
    fn working() -> OutputHandle<u64> {
        let worked = count(1_000).map(|x| echo(work(x)));
        add(sum(worked.collect()), work(1).alias("alone"))
    }
    let began = Instant::now();
    let run = working().run().replace::<work>(|x| async move {
        sleep(3_600 * SECOND).await;
        x
    });
    assert_eq!(run.await.unwrap(), 499_501);
    assert!(began.elapsed() >= 3_600 * SECOND);
}

/// All copies of a blocking op that is replaced run at once, as those of any async op.
#[tokio::test(start_paused = true)]
async fn replaced_copies_wait_together() {
    #[job]
    fn working() -> OutputHandle<u64> {
        sum(count(500).map(work).collect())
    }
    let began = Instant::now();
    let run = working().run().replace::<work>(|x| async move {
        sleep(SECOND).await;
        x
    });
    assert_eq!(run.await.unwrap(), 124_750);
    assert_eq!(began.elapsed(), SECOND);
}

#[tokio::test]
async fn a_wrong_op_is_a_mistake_that_names_it() {
    let run = crawl().run().replace::<sum>(|_| async { 1 }).replace::<add>(|_, _| async { 1 });
    let report = run.replace::<fetch>(|url| async move { url }).report().await;
    assert_eq!(report.steps().len(), 0);
    let Some(error @ RunError::Config(mistakes)) = report.error() else { panic!("{report:?}") };
    let named = mistakes.iter().map(|mistake| match mistake {
        ConfigError::UnusedReplacement { op, .. } => op.rsplit("::").next().unwrap(),
        _ => panic!("{mistake:?}"),
    });
    assert_eq!(named.collect::<Vec<_>>(), ["add", "sum"]);
    let said = "::support::sum>(..)` replaces an op that the job does not use; \
                it uses `fetch`, `joined`, `urls`";
    assert!(error.to_string().contains(said), "{error}");
}

#[op]
fn same<T: dynagraph::Value>(value: T) -> T {
    value
}

#[tokio::test]
async fn each_type_of_a_generic_op_is_replaced_by_itself() {
    #[job]
    fn all_the_same() -> (OutputHandle<u64>, OutputHandle<i8>) {
        (same(1_u64), same(-1_i8))
    }
    let run = all_the_same().run().replace::<same<u64>>(|x| async move { x + 1 });
    assert_eq!(run.await.unwrap(), (2, -1));
    let run = all_the_same().run().replace::<same<f64>>(|x| async move { x });
    let error = run.await.unwrap_err().to_string();
    assert!(error.contains("same<f64>"), "{error}");
}

/// A function that is generic over what feeds an op still composes a replaced one.
#[tokio::test]
async fn a_sub_graph_needs_no_change_to_be_tested() {
    fn twice(url: impl IntoInput<String>) -> OutputHandle<String> {
        fetch(fetch(url).alias("first"))
    }
    #[job]
    fn chained() -> OutputHandle<String> {
        twice("u")
    }
    let run = chained().run().replace::<fetch>(|url| async move { format!("{url}!") });
    assert_eq!(run.await.unwrap(), "u!!");
}
