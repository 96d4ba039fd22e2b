//! S27 to S29, S31: what is tried again, when, and how often.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dynagraph::prelude::*;
use dynagraph::{Job, StepReport};
use tokio::time::{Instant, sleep};

use crate::support::{Gauge, count, keys_of, sum};

const SECOND: Duration = Duration::from_secs(1);

/// When each step was tried.
#[derive(Clone, Default)]
struct Tries(Arc<Mutex<HashMap<String, Vec<Instant>>>>);

impl Tries {
    /// Notes a try, and says which it is, counted from 1.
    fn add(&self, step: impl ToString) -> usize {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_step = tries.entry(step.to_string()).or_default();
        of_step.push(Instant::now());
        of_step.len()
    }

    /// How long a step waited before each retry.
    fn waits(&self, step: &str) -> Vec<Duration> {
        let tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tries[step].windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

/// Succeeds at the third attempt.
#[op]
async fn third(ctx: OpContext, tries: Resource<Tries>, x: u64) -> Result<u64, String> {
    let attempt = tries.add(ctx.step_key());
    assert_eq!(ctx.attempt(), u32::try_from(attempt).unwrap());
    if attempt < 3 { Err(format!("attempt {attempt}")) } else { Ok(x) }
}

#[op]
fn third_blocking(ctx: OpContext, tries: Resource<Tries>, x: u64) -> Result<u64, String> {
    let attempt = tries.add(ctx.step_key());
    if attempt < 3 { Err(format!("attempt {attempt}")) } else { Ok(x) }
}

#[op(inline)]
fn third_inline(ctx: OpContext, tries: Resource<Tries>, x: u64) -> Result<u64, String> {
    third_blocking::call(ctx, tries, x)
}

#[op]
async fn never(ctx: OpContext, tries: Resource<Tries>) -> Result<u64, String> {
    tries.add(ctx.step_key());
    Err("no".to_owned())
}

fn each_third(policy: RetryPolicy) -> Job<u64> {
    #[job]
    fn each_third(policy: RetryPolicy) -> OutputHandle<u64> {
        let async_ones = count(3).map(|x| third(x).retry(policy));
        let inline_ones = async_ones.map(|x| third_inline(x).retry(policy));
        let alone = third(sum(inline_ones.collect())).alias("alone").retry(policy);
        let blocking = count(2).map(|x| third_blocking(x).retry(policy));
        let nested = blocking.map(|x| {
            let again = third_blocking(x).alias("again").retry(policy);
            let inner = count(again).alias("inner").map(|y| third(y).alias("deep").retry(policy));
            sum(inner.collect())
        });
        sum_all(alone, sum(nested.collect()))
    }
    each_third(policy)
}

#[op]
fn sum_all(a: u64, b: u64) -> u64 {
    a + b
}

/// S27
#[tokio::test]
async fn a_step_succeeds_when_one_of_its_attempts_does() {
    let tries = Tries::default();
    let run = each_third(RetryPolicy::new(2)).run().resource(tries.clone()).keep_steps(true);
    let report = run.report().await;
    assert_eq!(report.output(), Some(&3), "{:?}", report.error());
    for step in report.steps().filter(|step| step.op().starts_with("third")) {
        assert_eq!(step.attempts(), 3, "{}", step.key());
    }
    assert_eq!(tries.waits("third[2]").len(), 2);
    assert_eq!(tries.waits("deep[1/0]").len(), 2);
}

/// S27
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retries_work_on_several_workers() {
    for _ in 0..50 {
        let run = each_third(RetryPolicy::new(2)).run().resource(Tries::default());
        assert_eq!(run.await.unwrap(), 3);
    }
}

/// S27
#[tokio::test(start_paused = true)]
async fn each_backoff_waits_as_its_formula_says() {
    #[job]
    fn once(policy: RetryPolicy) {
        never().retry(policy).alias("once");
    }
    let policy = RetryPolicy::new(3).delay(SECOND);
    for (policy, seconds) in [
        (policy, [1, 1, 1]),
        (policy.backoff(Backoff::Linear), [1, 2, 3]),
        (policy.backoff(Backoff::Exponential), [1, 3, 7]),
        (policy.backoff(Backoff::Exponential).max_delay(4 * SECOND), [1, 3, 4]),
    ] {
        let tries = Tries::default();
        let report = once(policy).run().resource(tries.clone()).report().await;
        assert_eq!(report.step("once").unwrap().attempts(), 4);
        let waits: Vec<_> = tries.waits("once").iter().map(Duration::as_secs).collect();
        assert_eq!(waits, seconds, "{policy:?}");
    }
}

/// S27
#[tokio::test(start_paused = true)]
async fn jitter_stays_in_its_range_and_differs_between_keys() {
    #[job]
    fn jittered(policy: RetryPolicy) {
        count(50).map(|x| third(x).retry(policy));
    }
    let policy = RetryPolicy::new(2).delay(SECOND);
    for (jitter, range) in
        [(Jitter::Full, Duration::ZERO..=SECOND), (Jitter::PlusMinus, Duration::ZERO..=2 * SECOND)]
    {
        let tries = Tries::default();
        jittered(policy.jitter(jitter)).run().resource(tries.clone()).await.unwrap();
        let waits: Vec<_> = (0..50).flat_map(|key| tries.waits(&format!("third[{key}]"))).collect();
        assert_eq!(waits.len(), 100);
        // Timers have a resolution of a millisecond.
        let end = *range.end() + Duration::from_millis(2);
        assert!(waits.iter().all(|wait| (*range.start()..=end).contains(wait)), "{waits:?}");
        let distinct: std::collections::HashSet<_> = waits.iter().collect();
        assert!(distinct.len() > 50, "{waits:?}");
    }
}

/// S28
#[tokio::test(start_paused = true)]
async fn a_step_that_waits_gives_its_slots_to_others() {
    #[job]
    fn resting(policy: RetryPolicy) {
        count(4).map(|x| third(x).retry(policy).max_concurrent(1)).max_concurrent(1);
    }
    let policy = RetryPolicy::new(2).delay(10 * SECOND);
    for blocking in [false, true] {
        let began = Instant::now();
        let job = if blocking { resting_blocking(policy) } else { resting(policy) };
        job.run().max_concurrent(1).resource(Tries::default()).await.unwrap();
        let took = began.elapsed();
        assert!(took < 21 * SECOND, "{took:?}");
    }
}

#[job]
fn resting_blocking(policy: RetryPolicy) {
    count(4).map(|x| third_blocking(x).retry(policy)).max_concurrent(1);
}

/// S28
#[tokio::test(start_paused = true)]
async fn more_keys_wait_than_may_run_and_no_more_run_than_may() {
    #[op]
    async fn gauged(
        ctx: OpContext,
        gauge: Resource<Gauge>,
        tries: Resource<Tries>,
        x: u64,
    ) -> Result<u64, String> {
        let _inside = gauge.enter();
        sleep(Duration::from_millis(10)).await;
        third::call(ctx, tries, x).await
    }
    #[job]
    fn many(policy: RetryPolicy) -> OutputHandle<u64> {
        sum(count(500).map(|x| gauged(x).retry(policy)).max_concurrent(7).collect())
    }
    let gauge = Gauge::default();
    let policy = RetryPolicy::new(2).delay(100 * SECOND);
    let began = Instant::now();
    let run = many(policy).run().resource(gauge.clone()).resource(Tries::default());
    assert_eq!(run.await.unwrap(), 499 * 500 / 2);
    assert_eq!(gauge.most(), 7);
    assert!(began.elapsed() < 205 * SECOND, "{:?}", began.elapsed());
}

/// S29
#[tokio::test(start_paused = true)]
async fn an_error_may_forbid_its_retry_or_name_its_delay() {
    #[op(name = "picky")]
    async fn picky(ctx: OpContext, tries: Resource<Tries>, x: u64) -> Result<u64, OpError> {
        match tries.add(ctx.step_key()) {
            1 => Err(OpError::retry_after("busy", 5 * SECOND)),
            2 if x == 0 => Err(OpError::permanent("gone")),
            2 => Err(std::io::Error::other("flaky").into()),
            _ => Ok(x),
        }
    }
    #[job]
    fn picky_ones() {
        count(2).map(|x| picky(x).retry(RetryPolicy::new(5).delay(SECOND)));
    }
    let tries = Tries::default();
    let report = picky_ones().run().resource(tries.clone()).keep_steps(true).report().await;
    let gone = report.step("picky[0]").unwrap();
    assert_eq!((gone.status(), gone.attempts()), (StepStatus::Failure, 2));
    assert_eq!(gone.error().unwrap().to_string(), "gone");
    assert_eq!(tries.waits("picky[0]"), [5 * SECOND]);
    assert_eq!(report.step("picky[1]").unwrap().attempts(), 3);
    assert_eq!(tries.waits("picky[1]"), [5 * SECOND, SECOND]);
    let error = report.error().unwrap().to_string();
    assert_eq!(error, "step `picky[0]` failed after 2 attempts: gone");
}

/// S29
#[tokio::test]
async fn a_panic_is_retried_only_if_the_policy_says_so() {
    #[op]
    async fn panics_once(ctx: OpContext) -> u64 {
        assert!(ctx.attempt() > 1, "the first attempt");
        7
    }
    #[job]
    fn panicking(policy: RetryPolicy) -> OutputHandle<u64> {
        panics_once().retry(policy)
    }
    let report = panicking(RetryPolicy::new(3)).run().report().await;
    assert_eq!(report.failures().map(StepReport::attempts).collect::<Vec<_>>(), [1]);
    assert_eq!(panicking(RetryPolicy::new(3).retry_panics(true)).run().await.unwrap(), 7);
}

/// S27
#[tokio::test]
async fn an_owned_input_is_whole_in_every_attempt() {
    #[op]
    async fn consumes(ctx: OpContext, mut list: Vec<u64>) -> Result<usize, String> {
        list.push(0);
        if ctx.attempt() < 3 { Err("again".to_owned()) } else { Ok(list.len()) }
    }
    #[job]
    fn consuming() -> OutputHandle<usize> {
        consumes(count(3).collect()).retry(RetryPolicy::new(2))
    }
    assert_eq!(consuming().run().await.unwrap(), 4);
}

/// S22, S27
#[tokio::test]
async fn what_needs_a_step_waits_for_its_last_attempt() {
    #[job]
    fn below(policy: RetryPolicy) {
        let doomed = count(3).map(|x| third(x).retry(policy));
        sum(doomed.collect());
    }
    let report = below(RetryPolicy::new(1)).run().resource(Tries::default()).report().await;
    assert_eq!(keys_of(&report, StepStatus::UpstreamFailed), ["sum"]);
    assert_eq!(report.count("third", StepStatus::Failure), 3);
    assert!(report.failures().all(|step| step.attempts() == 2));
    let report = below(RetryPolicy::new(2)).run().resource(Tries::default()).report().await;
    assert_eq!(report.count("sum", StepStatus::Success), 1);
}

/// S27
#[tokio::test(start_paused = true)]
async fn the_steps_of_a_fold_are_retried_in_order() {
    #[op]
    async fn add_up(
        ctx: OpContext,
        tries: Resource<Tries>,
        all: Vec<u64>,
        x: u64,
    ) -> Result<Vec<u64>, String> {
        third::call(ctx, tries, x).await?;
        Ok([all, vec![x]].concat())
    }
    #[op]
    fn add_up_blocking(
        ctx: OpContext,
        tries: Resource<Tries>,
        all: Vec<u64>,
        x: u64,
    ) -> Result<Vec<u64>, String> {
        third_blocking::call(ctx, tries, x)?;
        Ok([all, vec![x]].concat())
    }
    #[job]
    fn folding() -> (OutputHandle<Vec<u64>>, OutputHandle<Vec<u64>>) {
        let policy = RetryPolicy::new(2).delay(SECOND);
        let on_worker = count(3).fold(Vec::new(), |all, x| add_up(all, x).retry(policy));
        let on_thread = count(3).fold(Vec::new(), |all, x| add_up_blocking(all, x).retry(policy));
        (on_worker, on_thread)
    }
    let (on_worker, on_thread) = folding().run().resource(Tries::default()).await.unwrap();
    assert_eq!(on_worker, [0, 1, 2]);
    assert_eq!(on_thread, [0, 1, 2]);
}

/// S28
#[tokio::test(start_paused = true)]
async fn a_key_whose_steps_may_run_at_once_gives_its_slot_to_others_too() {
    #[op]
    async fn gauged(
        ctx: OpContext,
        gauge: Resource<Gauge>,
        tries: Resource<Tries>,
        x: u64,
    ) -> Result<u64, String> {
        let _inside = gauge.enter();
        sleep(Duration::from_millis(10)).await;
        third::call(ctx, tries, x).await
    }
    #[job]
    fn diamonds(policy: RetryPolicy) -> OutputHandle<u64> {
        let keys = count(40).map(|x| {
            let left = gauged(x).alias("left").retry(policy);
            let right = gauged(x).alias("right").retry(policy);
            sum_all(left, right)
        });
        sum(keys.max_concurrent(3).collect())
    }
    let (gauge, began) = (Gauge::default(), Instant::now());
    let run = diamonds(RetryPolicy::new(2).delay(100 * SECOND)).run();
    let run = run.resource(gauge.clone()).resource(Tries::default());
    assert_eq!(run.await.unwrap(), 39 * 40);
    assert_eq!(gauge.most(), 6, "two steps of each of three keys");
    let took = began.elapsed();
    assert!(took < 210 * SECOND, "{took:?}");
}

/// S28
#[tokio::test(start_paused = true)]
async fn a_retry_that_is_due_waits_for_its_turn_and_not_for_all_others() {
    #[op]
    async fn first_fails(ctx: OpContext, x: u64) -> Result<u64, String> {
        sleep(Duration::from_millis(10)).await;
        if x == 0 && ctx.attempt() == 1 { Err("again".to_owned()) } else { Ok(x) }
    }
    #[job]
    fn one_by_one() {
        let policy = RetryPolicy::new(1).delay(Duration::from_millis(100));
        count(300).max_concurrent(1).map(|x| first_fails(x).retry(policy));
    }
    let report = one_by_one().run().keep_steps(true).report().await;
    let ended = |key: &str| {
        let step = report.step(key).unwrap();
        step.started().unwrap() + step.duration().unwrap()
    };
    assert!(ended("first_fails[0]") < ended("first_fails[100]"));
}
