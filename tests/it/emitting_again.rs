//! S30: a producer that is tried again.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dynagraph::prelude::*;
use dynagraph::{Job, StepReport};
use tokio::time::sleep;

use crate::support::{FLAVORS, Log, count, ends, keys_of};

/// What each attempt emits, before it fails; the last one succeeds.
type Script = &'static [&'static [&'static str]];

#[op]
async fn emits(
    ctx: OpContext,
    letters: DynamicOut<String>,
    script: Script,
    pause: Duration,
) -> Result<(), OpError> {
    let attempt = usize::try_from(ctx.attempt()).unwrap();
    for key in script[attempt - 1] {
        letters.emit(format!("{key}{attempt}"), *key).await?;
    }
    sleep(pause).await;
    if attempt < script.len() { Err(format!("attempt {attempt}").into()) } else { Ok(()) }
}

#[op]
fn emits_blocking(
    ctx: OpContext,
    letters: DynamicOut<String>,
    script: Script,
) -> Result<(), OpError> {
    let attempt = usize::try_from(ctx.attempt()).unwrap();
    for key in script[attempt - 1] {
        letters.blocking_emit(format!("{key}{attempt}"), *key)?;
    }
    if attempt < script.len() { Err(format!("attempt {attempt}").into()) } else { Ok(()) }
}

#[op]
async fn shout(log: Resource<Log>, letter: String) -> String {
    log.say(letter.clone());
    letter.to_uppercase()
}

#[op]
fn join(all: String, letter: String) -> String {
    all + &letter
}

#[op]
fn joined(letters: &[String]) -> String {
    letters.concat()
}

const POLICY: RetryPolicy = RetryPolicy::new(5);

#[job]
fn gathered(
    script: Script,
    pause: Duration,
) -> (OutputHandle<Vec<String>>, OutputHandle<Keyed<String>>, OutputHandle<String>) {
    let letters = emits(script, pause).retry(POLICY);
    let loud = letters.map(|letter| shout(letter));
    let folded = loud.fold(String::new(), |all, letter| join(all, letter));
    (loud.collect(), loud.collect_keyed(), folded)
}

const MOVED: Script = &[&["a", "b", "c"], &["c", "d"], &["d", "a", "e"]];

/// S30
#[tokio::test(start_paused = true)]
async fn keys_emitted_again_keep_their_copies_and_others_are_discarded() {
    for pause in [Duration::ZERO, Duration::from_secs(1)] {
        let log = Log::default();
        let report = gathered(MOVED, pause).run().resource(log.clone()).report().await;
        let (list, keyed, folded) = report.into_result().unwrap();
        assert_eq!(list, ["D2", "A1", "E3"]);
        assert_eq!(keyed.keys().map(MappingKey::as_str).collect::<Vec<_>>(), ["d", "a", "e"]);
        assert_eq!(folded, "D2A1E3");
        // Each copy is run once, and none for a key that was emitted again.
        let mut said = log.lines();
        said.sort();
        said.dedup();
        assert_eq!(said.len(), log.len());
    }
}

/// S30, S39
#[test]
fn the_last_attempt_says_what_a_run_gives_on_every_runtime() {
    #[job]
    fn blocking(script: Script) -> (OutputHandle<Vec<String>>, OutputHandle<String>) {
        let letters = emits_blocking(script).retry(POLICY).window(2);
        let loud = letters.map(|letter| shout(letter)).max_concurrent(1);
        let folded = loud.fold(String::new(), |all, letter| join(all, letter));
        (loud.collect(), folded)
    }
    for flavor in FLAVORS {
        ends(flavor, || async {
            for _ in 0..100 {
                let run = blocking(MOVED).run().resource(Log::default());
                let (list, folded) = run.await.unwrap();
                assert_eq!(list, ["D2", "A1", "E3"]);
                assert_eq!(folded, "D2A1E3");
            }
        });
    }
}

/// S30
#[tokio::test(start_paused = true)]
async fn discarded_copies_leave_no_trace_in_the_report() {
    #[op]
    async fn picky(letter: String) -> Result<String, String> {
        if letter.starts_with('b') { Err(format!("no {letter}")) } else { Ok(letter) }
    }
    #[op]
    fn twice(letter: String) -> Vec<DynamicOutput<String>> {
        (0..2).map(|n| DynamicOutput::new(format!("{letter}{n}"), n)).collect()
    }
    #[op]
    async fn tail(letter: String) -> String {
        letter
    }
    #[job]
    fn nested() -> OutputHandle<String> {
        let script: Script = &[&["a", "b", "c"], &["a", "d"]];
        let letters = emits(script, Duration::from_secs(1)).retry(POLICY);
        let inner = letters.map(|letter| {
            let inner = twice(picky(letter)).map(|letter| tail(letter));
            joined(inner.collect())
        });
        joined(inner.collect()).alias("all")
    }
    for keep in [false, true] {
        let run = nested().run().keep_steps(keep).keep_values(keep);
        let report = run.report().await;
        assert_eq!(report.status(), RunStatus::Success, "{:?}", report.error());
        assert_eq!(report.output().unwrap(), "a10a11d20d21");
        assert_eq!(report.failures().count(), 0);
        assert_eq!(report.count("picky", StepStatus::Success), 2);
        assert_eq!(report.count("picky", StepStatus::Failure), 0);
        assert_eq!(report.count("joined", StepStatus::Success), 2);
        assert_eq!(report.count("joined", StepStatus::UpstreamFailed), 0);
        assert_eq!(report.count("tail", StepStatus::Success), 4);
        let tails = keys_of(&report, StepStatus::Success);
        let tails: Vec<_> = tails.into_iter().filter(|key| key.starts_with("tail")).collect();
        if keep {
            assert_eq!(tails, ["tail[a/0]", "tail[a/1]", "tail[d/0]", "tail[d/1]"]);
            let values = report.values::<picky>();
            assert_eq!(values.keys().map(MappingKey::as_str).collect::<Vec<_>>(), ["a", "d"]);
            let emitted = report.values::<emits>();
            assert_eq!(emitted.keys().map(MappingKey::as_str).collect::<Vec<_>>(), ["a", "d"]);
        } else {
            assert_eq!(report.steps().count(), 0);
        }
    }
}

/// S30
#[tokio::test(start_paused = true)]
async fn a_copy_that_waits_for_its_turn_is_never_begun_when_it_is_discarded() {
    #[op]
    async fn waits(
        log: Resource<Log>,
        begun: Resource<Arc<AtomicUsize>>,
        letter: String,
    ) -> String {
        log.say(letter.clone());
        begun.fetch_add(1, Ordering::SeqCst);
        sleep(Duration::from_millis(5)).await;
        letter
    }
    #[job]
    fn waiting() -> OutputHandle<Vec<String>> {
        let script: Script = &[&["a", "b", "c", "d"], &["a", "d"]];
        let letters = emits(script, Duration::ZERO).retry(POLICY);
        letters.map(|letter| waits(letter)).max_concurrent(1).collect()
    }
    let (log, begun) = (Log::default(), Arc::new(AtomicUsize::new(0)));
    let run = waiting().run().resource(log.clone()).resource(begun).keep_steps(true);
    let report = run.report().await;
    assert_eq!(report.output().unwrap(), &["a1", "d1"]);
    assert_eq!(log.lines(), ["a1", "d1"]);
    let waits = report.steps().filter(|step| step.op() == "waits");
    assert_eq!(waits.map(StepReport::key).collect::<Vec<_>>(), ["waits[a]", "waits[d]"]);
}

/// S25, S30
#[tokio::test(start_paused = true)]
async fn a_producer_that_fails_for_good_leaves_its_copies_and_no_results() {
    #[job]
    fn failing() -> OutputHandle<Vec<String>> {
        let script: Script = &[&["a", "b"], &["b", "c"], &["d"]];
        let letters = emits(script, Duration::from_secs(1)).retry(RetryPolicy::new(1));
        letters.map(|letter| shout(letter)).collect()
    }
    let log = Log::default();
    let report = failing().run().resource(log.clone()).keep_steps(true).report().await;
    assert_eq!(report.status(), RunStatus::Failure);
    assert_eq!(report.failures().map(StepReport::key).collect::<Vec<_>>(), ["emits"]);
    assert_eq!(report.step("emits").unwrap().attempts(), 2);
    assert_eq!(log.lines(), ["a1", "b1", "c2"]);
    assert_eq!(report.count("shout", StepStatus::Success), 3);
}

/// S2, S30
#[tokio::test]
async fn a_key_twice_in_one_attempt_is_still_a_mistake() {
    #[job]
    fn doubled() {
        let script: Script = &[&["a", "b"], &["b", "b"]];
        emits(script, Duration::ZERO).retry(RetryPolicy::new(1)).map(|letter| shout(letter));
    }
    let report = doubled().run().resource(Log::default()).report().await;
    let error = report.step("emits").unwrap().error().unwrap().to_string();
    assert_eq!(error, r#"output `letters` emitted the key "b" twice"#);
}

/// S30, S34
#[test]
fn a_retried_producer_is_not_held_back_by_those_who_wait_for_its_end() {
    #[op]
    async fn many(ctx: OpContext, numbers: DynamicOut<u64>, n: u64) -> Result<(), OpError> {
        for i in 0..n {
            numbers.emit(i, i).await?;
        }
        if ctx.attempt() < 2 { Err("again".into()) } else { Ok(()) }
    }
    #[op]
    fn add(a: u64, b: u64) -> u64 {
        a + b
    }
    fn nested(retry: bool) -> Job<u64> {
        #[job]
        fn nested(policy: RetryPolicy) -> OutputHandle<u64> {
            let outer = many(20).retry(policy).window(3);
            let inner = outer.map(|_| many(20).retry(policy).alias("inner").window(3));
            inner.flatten().fold(0, |a, b| add(a, b))
        }
        nested(RetryPolicy::new(if retry { 1 } else { 2 }))
    }
    for flavor in FLAVORS {
        ends(flavor, || async {
            assert_eq!(nested(true).run().max_concurrent(2).await.unwrap(), 20 * 190);
            assert_eq!(nested(false).run().max_concurrent(1).await.unwrap(), 20 * 190);
        });
    }
}

/// S30
#[tokio::test]
async fn an_emitter_of_an_earlier_attempt_emits_no_more() {
    type Kept = Arc<Mutex<Option<DynamicOut<u64>>>>;
    #[op]
    async fn leaks(
        ctx: OpContext,
        numbers: DynamicOut<u64>,
        kept: Resource<Kept>,
    ) -> Result<(), OpError> {
        let earlier = kept.lock().unwrap_or_else(PoisonError::into_inner).replace(numbers.clone());
        if ctx.attempt() == 1 {
            return Err("again".into());
        }
        let closed = earlier.unwrap().emit(1, 1).await.unwrap_err().to_string();
        assert_eq!(closed, "output `numbers` is closed: its step has ended");
        Ok(numbers.emit(2, 2).await?)
    }
    #[job]
    fn leaking() -> DynamicHandle<u64> {
        leaks().retry(POLICY)
    }
    let keyed = leaking().run().resource(Kept::default()).await.unwrap();
    assert_eq!(keyed.into_iter().map(|(_, value)| value).collect::<Vec<_>>(), [2]);
}

/// S30, S34
#[test]
fn what_is_read_in_order_holds_no_copy_back_that_is_discarded_or_moved() {
    #[op]
    async fn outer(ctx: OpContext, numbers: DynamicOut<u64>, moved: bool) -> Result<(), OpError> {
        let keys: &[u64] = match (ctx.attempt(), moved) {
            (1, _) => &[1],
            (_, true) => &[2, 1],
            (_, false) => &[2],
        };
        for key in keys {
            numbers.emit(*key, *key).await?;
        }
        if ctx.attempt() == 1 { Err("again".into()) } else { Ok(()) }
    }
    #[op]
    fn add(a: u64, b: u64) -> u64 {
        a + b
    }
    #[job]
    fn read_late(moved: bool) -> OutputHandle<u64> {
        let inner = outer(moved).retry(POLICY).map(|_| count(200).window(10));
        inner.flatten().fold(0, |a, b| add(a, b))
    }
    for flavor in FLAVORS {
        ends(flavor, || async {
            let once = 199 * 200 / 2;
            assert_eq!(read_late(false).run().await.unwrap(), once);
            assert_eq!(read_late(true).run().max_concurrent(1).await.unwrap(), 2 * once);
        });
    }
}

/// S30
#[tokio::test]
async fn every_output_of_an_attempt_is_closed_when_one_is_broken() {
    type Kept = Arc<Mutex<Option<DynamicOut<u64>>>>;
    #[op]
    async fn two(
        ctx: OpContext,
        first: DynamicOut<u64>,
        second: DynamicOut<u64>,
        kept: Resource<Kept>,
    ) -> Result<(), OpError> {
        if ctx.attempt() > 1 {
            let earlier = kept.lock().unwrap_or_else(PoisonError::into_inner).take();
            assert!(earlier.unwrap().emit(7, 7).await.is_err());
            return Ok(second.emit(8, 8).await?);
        }
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(second);
        first.emit(1, 1).await?;
        Ok(first.emit(1, 1).await?)
    }
    #[job]
    fn two_outputs() -> DynamicHandle<u64> {
        let outs = two();
        outs.second
    }
    let run = two_outputs().run().resource(Kept::default()).default_retry(POLICY);
    let keyed = run.await.unwrap();
    assert_eq!(keyed.into_iter().map(|(_, value)| value).collect::<Vec<_>>(), [8]);
}

/// S30
#[tokio::test]
async fn values_that_nothing_is_mapped_over_are_discarded_too() {
    #[job]
    fn unused() {
        emits(MOVED, Duration::ZERO).retry(POLICY);
    }
    let report = unused().run().keep_values(true).report().await;
    let values = report.values::<emits>();
    let keys: Vec<_> = values.keys().map(MappingKey::as_str).collect();
    assert_eq!(keys, ["a", "d", "e"]);
}
