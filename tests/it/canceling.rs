//! S24, S35, S36: a run that is asked to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use dynagraph::prelude::*;
use dynagraph::{EventKind, Job, RunError, RunHandle, StepReport};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use crate::support::{FLAVORS, Gauge, count, ends, keys_of, sum};

const SECOND: Duration = Duration::from_secs(1);

/// Ends when the run does, in its own way.
#[op]
async fn polite(ctx: OpContext, gauge: Resource<Gauge>, x: u64) -> u64 {
    let _inside = gauge.enter();
    ctx.canceled().await;
    sleep(SECOND).await;
    x
}

#[op]
async fn stubborn(gauge: Resource<Gauge>, x: u64) -> u64 {
    let _inside = gauge.enter();
    std::future::pending::<()>().await;
    x
}

#[op]
fn looping(ctx: OpContext, gauge: Resource<Gauge>, x: u64) -> Result<u64, &'static str> {
    let _inside = gauge.enter();
    while !ctx.is_canceled() {
        std::thread::sleep(Duration::from_micros(50));
    }
    if x.is_multiple_of(2) { Ok(x) } else { Err("stopped half-way") }
}

async fn begun(gauge: &Gauge, count: usize) {
    while gauge.now() < count {
        tokio::task::yield_now().await;
    }
}

async fn canceled<T: Send + 'static>(run: RunHandle<T>) -> RunReport<T> {
    run.cancel();
    let report = run.wait().await;
    assert_eq!(report.status(), RunStatus::Canceled);
    assert!(matches!(report.error(), Some(RunError::Canceled)), "{:?}", report.error());
    report
}

/// S35
#[tokio::test(start_paused = true)]
async fn what_runs_may_end_and_nothing_new_starts() {
    #[job]
    fn asking() -> OutputHandle<u64> {
        let each = count(10).map(|x| polite(polite(x).alias("below"))).max_concurrent(4);
        sum(each.collect())
    }
    let gauge = Gauge::default();
    let run = asking().run().resource(gauge.clone()).keep_steps(true).start();
    begun(&gauge, 4).await;
    let began = Instant::now();
    let report = canceled(run).await;
    assert!(began.elapsed() < 2 * SECOND, "the grace is not waited for in vain");
    assert_eq!(report.count("below", StepStatus::Success), 4);
    assert_eq!(report.count("polite", StepStatus::Success), 0);
    assert_eq!(keys_of(&report, StepStatus::Canceled), ["sum"]);
    assert_eq!(gauge.most(), 4);
}

/// S35
#[tokio::test(start_paused = true)]
async fn what_does_not_end_in_time_is_aborted() {
    #[job]
    fn refusing() {
        count(3).map(|x| stubborn(x));
        stubborn(9).alias("alone");
    }
    for (grace, run) in [
        (10 * SECOND, refusing().run()),
        (3 * SECOND, refusing().run().grace(3 * SECOND)),
        (Duration::ZERO, refusing().run().grace(Duration::ZERO)),
    ] {
        let gauge = Gauge::default();
        let run = run.resource(gauge.clone()).start();
        begun(&gauge, 4).await;
        let began = Instant::now();
        let report = canceled(run).await;
        let took = began.elapsed();
        assert!(took >= grace && took < grace + SECOND, "{took:?}");
        assert_eq!(report.count("stubborn", StepStatus::Canceled), 3);
        assert_eq!(report.step("alone").unwrap().status(), StepStatus::Canceled);
        assert_eq!(gauge.now(), 0, "what was aborted is gone");
    }
}

/// S35, S36
#[test]
fn a_sync_op_sees_that_it_should_end() {
    #[job]
    fn loops() {
        count(2).map(|x| looping(x)).max_concurrent(2);
        looping(4).alias("alone");
    }
    for flavor in FLAVORS {
        ends(flavor, || async {
            let gauge = Gauge::default();
            let run = loops().run().resource(gauge.clone()).keep_steps(true).start();
            begun(&gauge, 3).await;
            let report = canceled(run).await;
            assert_eq!(report.step("looping[0]").unwrap().status(), StepStatus::Success);
            let half = report.step("looping[1]").unwrap();
            assert_eq!(half.status(), StepStatus::Canceled);
            assert_eq!(half.error().unwrap().to_string(), "stopped half-way");
            assert_eq!(report.step("alone").unwrap().status(), StepStatus::Success);
            assert!(report.waited_for().is_empty());
        });
    }
}

/// S36
#[test]
fn a_run_says_which_steps_it_could_not_abort() {
    #[op]
    fn deaf(gauge: Resource<Gauge>, go: Resource<Arc<AtomicBool>>, x: u64) -> u64 {
        let _inside = gauge.enter();
        while !go.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_micros(50));
        }
        x
    }
    #[job]
    fn deaf_ones() {
        count(2).map(|x| deaf(x)).max_concurrent(2);
        deaf(4).alias("alone");
    }
    for flavor in FLAVORS {
        ends(flavor, || async {
            let (gauge, go) = (Gauge::default(), Arc::new(AtomicBool::new(false)));
            let run = deaf_ones().run().resource(gauge.clone()).resource(Arc::clone(&go));
            let run = run.grace(Duration::from_millis(5)).start();
            let mut events = run.events();
            begun(&gauge, 3).await;
            run.cancel();
            while !matches!(events.next().await.unwrap().kind, EventKind::RunWaiting { .. }) {}
            assert!(!run.is_finished());
            go.store(true, Ordering::SeqCst);
            let report = run.wait().await;
            let mut waited: Vec<_> = report.waited_for().iter().map(ToString::to_string).collect();
            waited.sort();
            assert_eq!(waited, ["alone", "deaf[0]", "deaf[1]"]);
            assert_eq!(gauge.now(), 0);
        });
    }
}

/// S35
#[tokio::test(start_paused = true)]
async fn a_step_that_waits_for_its_retry_is_canceled_at_once() {
    #[op]
    async fn fails(gauge: Resource<Gauge>, x: u64) -> Result<u64, String> {
        let _inside = gauge.enter();
        sleep(SECOND).await;
        Err(format!("no {x}"))
    }
    #[job]
    fn resting() {
        let policy = RetryPolicy::new(5).delay(1_000 * SECOND);
        count(3).map(|x| fails(x).retry(policy));
        fails(7).alias("alone").retry(policy);
    }
    let gauge = Gauge::default();
    let run = resting().run().resource(gauge.clone()).start();
    begun(&gauge, 4).await;
    sleep(10 * SECOND).await;
    let began = Instant::now();
    let report = canceled(run).await;
    assert!(began.elapsed() < SECOND);
    assert_eq!(report.count("fails", StepStatus::Canceled), 3);
    assert!(report.steps().all(|step| step.attempts() == 1), "{:?}", report.steps().next());
    assert_eq!(report.failures().map(StepReport::key).count(), 0);
}

/// S35
#[tokio::test(start_paused = true)]
async fn a_producer_that_is_told_to_stop_may_clean_up() {
    #[op]
    async fn emits(
        numbers: DynamicOut<u64>,
        cleaned: Resource<Arc<AtomicUsize>>,
    ) -> Result<(), OpError> {
        for n in 0.. {
            if let Err(error) = numbers.emit(n, n).await {
                sleep(SECOND).await;
                cleaned.fetch_add(1, Ordering::SeqCst);
                return Err(error.into());
            }
        }
        Ok(())
    }
    #[op]
    fn emits_blocking(
        numbers: DynamicOut<u64>,
        cleaned: Resource<Arc<AtomicUsize>>,
    ) -> Result<(), OpError> {
        for n in 0.. {
            if let Err(error) = numbers.blocking_emit(n, n) {
                cleaned.fetch_add(1, Ordering::SeqCst);
                return Err(error.into());
            }
        }
        Ok(())
    }
    #[job]
    fn endless() {
        emits().window(5).map(|x| stubborn(x));
        emits_blocking().window(5).map(|x| stubborn(x).alias("other"));
    }
    let (gauge, cleaned) = (Gauge::default(), Arc::new(AtomicUsize::new(0)));
    let run = endless().run().resource(gauge.clone()).resource(Arc::clone(&cleaned));
    let run = run.grace(5 * SECOND).start();
    begun(&gauge, 10).await;
    let report = canceled(run).await;
    assert_eq!(cleaned.load(Ordering::SeqCst), 2);
    assert_eq!(report.step("emits").unwrap().status(), StepStatus::Canceled);
    assert_eq!(report.step("emits_blocking").unwrap().status(), StepStatus::Canceled);
}

/// S35
#[tokio::test]
async fn a_run_that_has_ended_is_not_canceled_any_more() {
    #[job]
    fn short() -> OutputHandle<u64> {
        sum(count(3).collect())
    }
    let run = short().run().start();
    while !run.is_finished() {
        tokio::task::yield_now().await;
    }
    run.cancel();
    assert_eq!(run.wait().await.into_result().unwrap(), 3);
}

fn ten_thousand() -> Job<u64> {
    #[job]
    fn ten_thousand() -> OutputHandle<u64> {
        let each = count(10_000).map(|x| stubborn(x)).window(10_000).max_concurrent(10_000);
        sum(each.collect())
    }
    ten_thousand()
}

/// S35
#[test]
fn ten_thousand_copies_are_gone_when_their_run_has_ended() {
    for flavor in FLAVORS {
        ends(flavor, || async {
            let gauge = Gauge::default();
            let before = Handle::current().metrics().num_alive_tasks();
            let run = ten_thousand().run().resource(gauge.clone());
            let run = run.max_concurrent(10_000).grace(Duration::from_millis(50)).start();
            begun(&gauge, 10_000).await;
            let report = canceled(run).await;
            assert_eq!(report.count("stubborn", StepStatus::Canceled), 10_000);
            assert_eq!(gauge.now(), 0);
            // The run's own task may take a moment to be forgotten after its result is there.
            while Handle::current().metrics().num_alive_tasks() > before {
                tokio::task::yield_now().await;
            }
        });
    }
}

/// S35
#[test]
fn dropping_the_handle_aborts_every_copy() {
    for flavor in FLAVORS {
        ends(flavor, || async {
            let gauge = Gauge::default();
            let run = ten_thousand().run().resource(gauge.clone()).max_concurrent(10_000).start();
            begun(&gauge, 10_000).await;
            drop(run);
            while gauge.now() > 0 || Handle::current().metrics().num_alive_tasks() > 0 {
                tokio::task::yield_now().await;
            }
        });
    }
}

/// S24
#[tokio::test(start_paused = true)]
async fn fail_fast_tells_and_aborts_at_once() {
    #[op]
    async fn fails_later(x: u64) -> Result<u64, String> {
        sleep(SECOND).await;
        Err(format!("no {x}"))
    }
    #[job]
    fn fast() {
        count(3).map(|x| polite(x));
        fails_later(1);
    }
    let began = Instant::now();
    let gauge = Gauge::default();
    let report = fast().run().resource(gauge.clone()).fail_fast(true).report().await;
    assert_eq!(began.elapsed().as_secs(), 1);
    assert_eq!(report.status(), RunStatus::Failure);
    assert_eq!(report.count("polite", StepStatus::Canceled), 3);
    assert_eq!(gauge.now(), 0);
}

/// S35
#[test]
fn a_fold_that_is_told_to_stop_is_not_waited_for() {
    #[op]
    async fn slow(gauge: Resource<Gauge>, a: u64, b: u64) -> u64 {
        let _inside = gauge.enter();
        sleep(Duration::from_millis(3)).await;
        a + b
    }
    #[op]
    fn slow_blocking(gauge: Resource<Gauge>, a: u64, b: u64) -> u64 {
        let _inside = gauge.enter();
        std::thread::sleep(Duration::from_millis(3));
        a + b
    }
    #[job]
    fn folding(blocking: bool) -> OutputHandle<u64> {
        count(100_000).fold(0, |a, b| if blocking { slow_blocking(a, b) } else { slow(a, b) })
    }
    for (flavor, blocking) in FLAVORS.into_iter().flat_map(|f| [(f, false), (f, true)]) {
        ends(flavor, move || async move {
            let gauge = Gauge::default();
            let run = folding(blocking).run().resource(gauge.clone());
            // Nobody waits for so long: the run ends when nothing runs, or the test hangs.
            let run = run.grace(Duration::from_secs(3_600)).start();
            begun(&gauge, 1).await;
            canceled(run).await;
        });
    }
}

/// S35, S37
#[tokio::test(start_paused = true)]
async fn a_step_between_two_attempts_is_recorded_wherever_it_waits() {
    #[op]
    async fn fails(ctx: OpContext) -> Result<u64, String> {
        Err(format!("attempt {}", ctx.attempt()))
    }
    #[op]
    fn fails_blocking(_x: u64) -> Result<u64, String> {
        Err("no".to_owned())
    }
    #[job]
    fn retrying() {
        let policy = RetryPolicy::new(9).delay(SECOND);
        count(1).map(|_| fails().retry(policy).pool("one"));
        count(2).map(|x| fails_blocking(x).retry(policy));
        polite(7).pool("one");
    }
    let gauge = Gauge::default();
    let run = retrying().run().pool("one", 1).resource(gauge.clone()).start();
    begun(&gauge, 1).await;
    sleep(3 * SECOND / 2).await;
    let report = canceled(run).await;
    for step in report.steps().filter(|step| step.op().starts_with("fails")) {
        assert_eq!(step.status(), StepStatus::Canceled, "{}", step.key());
        assert!(step.attempts() > 0, "{}", step.key());
    }
    assert_eq!(report.count("fails_blocking", StepStatus::Canceled), 2);
}
