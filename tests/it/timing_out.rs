//! S31: the time that an attempt has, and the time that a run has.

use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dynagraph::prelude::*;
use dynagraph::{EventKind, RunError, StepError};
use tokio::time::{Instant, sleep};

use crate::support::{FLAVORS, Gauge, add, count, ends, sum};

const SECOND: Duration = Duration::from_secs(1);

#[op]
async fn sleeps(seconds: u64) -> u64 {
    sleep(Duration::from_secs(seconds)).await;
    seconds
}

#[op]
async fn sleeps_first(ctx: OpContext, seconds: u64) -> u64 {
    if ctx.attempt() == 1 {
        sleep(Duration::from_secs(seconds)).await;
    }
    seconds
}

/// S31
#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_fails() {
    #[job]
    fn slow() {
        count(6).map(|x| sleeps(x).timeout(Duration::from_millis(2_500)));
        sleeps(9).alias("alone").timeout(SECOND);
    }
    let began = Instant::now();
    let report = slow().run().report().await;
    assert!(began.elapsed() < 3 * SECOND);
    assert_eq!(report.count("sleeps", StepStatus::Success), 3);
    assert_eq!(report.count("sleeps", StepStatus::Failure), 3);
    let alone = report.step("alone").unwrap().error().unwrap();
    assert!(matches!(alone, StepError::TimedOut { idle: false, still_running: false, .. }));
    assert_eq!(alone.to_string(), "timed out after 1s");
}

/// S31
#[tokio::test(start_paused = true)]
async fn each_attempt_has_the_whole_time() {
    #[job]
    fn again() -> OutputHandle<u64> {
        let each = count(4)
            .map(|x| sleeps_first(x).timeout(SECOND).retry(RetryPolicy::new(1).delay(SECOND)));
        sum(each.collect())
    }
    assert_eq!(again().run().await.unwrap(), 6);
}

/// S31
#[tokio::test(start_paused = true)]
async fn a_heartbeat_pushes_the_idle_timeout_back() {
    #[op]
    async fn beats(ctx: OpContext, times: u64) -> u64 {
        for done in 0..times {
            sleep(SECOND).await;
            if done % 2 == 0 { ctx.heartbeat() } else { ctx.progress(done, times) }
        }
        sleep(3 * SECOND).await;
        times
    }
    #[job]
    fn beating() {
        let time = Duration::from_millis(3_500);
        beats(20).alias("alive").idle_timeout(time);
        beats(20).alias("bounded").idle_timeout(time).timeout(10 * SECOND);
        beats(20).alias("silent").idle_timeout(Duration::from_millis(2_500));
    }
    let report = beating().run().keep_steps(true).report().await;
    let error = |step: &str| report.step(step).unwrap().error().map(ToString::to_string);
    assert_eq!(error("alive"), None);
    assert_eq!(error("bounded").as_deref(), Some("timed out after 10s"));
    assert_eq!(error("silent").as_deref(), Some("gave no sign of life for 2.5s"));
}

/// A thread that is let go by hand.
#[derive(Clone)]
struct Hold(Arc<Mutex<mpsc::Receiver<()>>>);

impl Hold {
    fn new() -> (mpsc::Sender<()>, Self) {
        let (go, hold) = mpsc::channel();
        (go, Self(Arc::new(Mutex::new(hold))))
    }

    fn wait(&self) {
        // Nobody sends: the other end is dropped.
        let _dropped = self.0.lock().unwrap_or_else(PoisonError::into_inner).recv();
    }
}

#[op]
fn holds(gauge: Resource<Gauge>, hold: Resource<Hold>, x: u64) -> u64 {
    let _inside = gauge.enter();
    if x == 0 {
        hold.wait();
    }
    x
}

/// S31, S36
#[test]
fn a_blocking_op_that_takes_too_long_keeps_its_slot_until_it_returns() {
    #[job]
    fn holding() {
        holds(0).alias("stuck").pool("one").timeout(Duration::from_millis(5));
        count(3).map(|x| holds(add(x, 1)).pool("one"));
    }
    for flavor in FLAVORS {
        let lines = ends(flavor, || async {
            let (go, hold) = Hold::new();
            let gauge = Gauge::default();
            let run = holding().run().pool("one", 1).resource(gauge.clone()).resource(hold).start();
            let mut events = run.events();
            while !matches!(events.next().await.unwrap().kind, EventKind::StepFailure { .. }) {}
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            // Were its slot free, another step would be inside too.
            assert_eq!((gauge.now(), gauge.most()), (1, 1));
            drop(go);
            let report = run.wait().await;
            assert_eq!(report.count("holds", StepStatus::Success), 3);
            assert_eq!(gauge.most(), 1);
            let errors = report.failures().map(|step| step.error().unwrap().to_string());
            errors.collect::<Vec<_>>()
        });
        assert_eq!(lines, ["timed out after 5ms, and still blocks its thread"]);
    }
}

/// S36
#[test]
fn a_run_says_that_it_waits_for_an_op_whose_time_is_over() {
    #[job]
    fn stuck() {
        holds(0).alias("stuck").timeout(Duration::from_millis(5));
    }
    for flavor in FLAVORS {
        ends(flavor, || async {
            let (go, hold) = Hold::new();
            let run = stuck().run().resource(Gauge::default()).resource(hold).start();
            let mut events = run.events();
            let waited = loop {
                if let EventKind::RunWaiting { steps, .. } = events.next().await.unwrap().kind {
                    break steps;
                }
            };
            assert_eq!(waited.iter().map(ToString::to_string).collect::<Vec<_>>(), ["stuck"]);
            drop(go);
            let report = run.wait().await;
            assert_eq!(report.waited_for(), waited);
            assert_eq!(report.status(), RunStatus::Failure);
        });
    }
}

/// S31
#[tokio::test]
async fn a_sync_op_on_the_worker_fails_when_it_took_too_long() {
    #[op(inline)]
    fn busy() -> u64 {
        std::thread::sleep(Duration::from_millis(20));
        1
    }
    #[job]
    fn overran() {
        busy().timeout(Duration::from_millis(5));
    }
    let report = overran().run().report().await;
    let error = report.step("busy").unwrap().error().unwrap().to_string();
    assert_eq!(error, "timed out after 5ms");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_takes_too_long_is_aborted() {
    #[job]
    fn long() -> OutputHandle<u64> {
        let each = count(5).map(|x| sleeps(x));
        sum(each.collect())
    }
    let began = Instant::now();
    let report = long().run().timeout(Duration::from_millis(2_500)).report().await;
    assert!(began.elapsed() < 3 * SECOND);
    assert_eq!(report.status(), RunStatus::Failure);
    assert!(matches!(report.error(), Some(RunError::TimedOut { .. })));
    assert_eq!(report.error().unwrap().to_string(), "the run timed out after 2.5s");
    assert_eq!(report.count("sleeps", StepStatus::Success), 3);
    assert_eq!(report.count("sleeps", StepStatus::Canceled), 2);
    assert_eq!(long().run().timeout(Duration::MAX).await.unwrap(), 10);
}

/// S26
#[tokio::test(start_paused = true)]
async fn an_op_that_panics_when_it_is_dropped_only_fails_its_step() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    #[op]
    async fn armed(x: u64) -> u64 {
        let _bomb = Bomb;
        std::future::pending::<()>().await;
        x
    }
    #[job]
    fn bombs() {
        count(2).map(|x| armed(x).timeout(SECOND));
        armed(7).alias("alone").timeout(SECOND);
    }
    let report = bombs().run().report().await;
    assert_eq!(report.failures().count(), 3, "{:?}", report.error());
    assert!(matches!(report.error(), Some(RunError::Failed(_))), "{:?}", report.error());
}

/// S31, S36
#[test]
fn a_blocking_op_sees_that_its_time_is_over() {
    #[op]
    fn looks(ctx: OpContext) -> u64 {
        while !ctx.is_canceled() {
            std::thread::sleep(Duration::from_micros(50));
        }
        u64::from(ctx.attempt())
    }
    #[job]
    fn looking() {
        looks().timeout(Duration::from_millis(5)).retry(RetryPolicy::new(1));
    }
    for flavor in FLAVORS {
        let attempts = ends(flavor, || async {
            let report = looking().run().report().await;
            report.step("looks").map(dynagraph::StepReport::attempts)
        });
        assert_eq!(attempts, Some(2));
    }
}

/// S32, S36
#[test]
fn an_op_that_still_blocks_its_thread_keeps_its_keys_slot() {
    #[job]
    fn lingering(graph: bool) {
        let keys = count(4).max_concurrent(1);
        keys.map(|x| {
            let x = if graph { add(x, add(x, 0)) } else { x };
            holds(x).timeout(Duration::from_millis(5))
        });
    }
    for (flavor, graph) in FLAVORS.into_iter().flat_map(|f| [(f, false), (f, true)]) {
        ends(flavor, move || async move {
            let (go, hold) = Hold::new();
            let gauge = Gauge::default();
            let run = lingering(graph).run().resource(gauge.clone()).resource(hold).start();
            let mut events = run.events();
            while !matches!(events.next().await.unwrap().kind, EventKind::StepFailure { .. }) {}
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            assert_eq!(gauge.most(), 1);
            drop(go);
            assert_eq!(run.wait().await.failures().count(), 1);
            assert_eq!(gauge.most(), 1);
        });
    }
}
