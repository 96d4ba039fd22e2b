//! S24, S35: a run that is told to end when little is left of it, or while somebody emits.

use std::time::Duration;

use dynagraph::prelude::*;
use tokio::time::{sleep, timeout};

use crate::support::{count, keys_of};

const SECOND: Duration = Duration::from_secs(1);

#[op]
async fn slow(x: u64) -> u64 {
    sleep(SECOND).await;
    x
}

#[op]
async fn slow_to_fail(x: u64) -> Result<u64, String> {
    sleep(SECOND).await;
    if x == 0 { Ok(x) } else { Err(format!("no {x}")) }
}

/// S35: another lane waits for the slot of the last key, and there are no keys for it.
#[tokio::test(start_paused = true)]
async fn a_run_that_is_canceled_during_its_last_key_ends_with_it() {
    #[job]
    fn two() -> OutputHandle<Vec<u64>> {
        count(2).max_concurrent(2).map(slow).collect()
    }
    let run = two().run().max_concurrent(1).start();
    sleep(SECOND + SECOND / 2).await;
    run.cancel();
    let report = timeout(60 * SECOND, run.wait()).await.expect("the run ends");
    assert_eq!(report.output(), Some(&vec![0, 1]), "{:?}", report.error());
}

/// S24
#[tokio::test(start_paused = true)]
async fn a_run_whose_last_key_fails_fast_ends_with_it() {
    #[job]
    fn two() -> OutputHandle<Vec<u64>> {
        count(2).max_concurrent(2).map(slow_to_fail).collect()
    }
    let run = two().run().max_concurrent(1).fail_fast(true);
    let report = timeout(60 * SECOND, run.report()).await.expect("the run ends");
    assert_eq!(report.status(), RunStatus::Failure);
    assert_eq!(keys_of(&report, StepStatus::Failure), ["slow_to_fail[1]"]);
}

#[op]
async fn emits(out: DynamicOut<u64>) -> Result<(), OpError> {
    for i in 0..3 {
        out.emit(i, i).await?;
    }
    Ok(())
}

/// S24
#[tokio::test]
async fn a_producer_that_is_held_back_when_another_step_fails_has_not_failed() {
    #[op(inline)]
    fn fails(x: u64) -> Result<u64, String> {
        Err(format!("no {x}"))
    }
    #[job]
    fn fast() {
        emits().window(1).map(fails);
    }
    let report = fast().run().fail_fast(true).report().await;
    assert_eq!(report.status(), RunStatus::Failure);
    assert_eq!(keys_of(&report, StepStatus::Failure), ["fails[0]"]);
    assert_eq!(keys_of(&report, StepStatus::Canceled), ["emits"]);
}

/// S15, S35: what it could not emit is missing.
#[tokio::test(start_paused = true)]
async fn a_producer_that_does_not_care_whether_it_emits_is_canceled_with_its_run() {
    #[op]
    async fn careless(out: DynamicOut<u64>) {
        for i in 0..3 {
            sleep(SECOND).await;
            let emitted = out.emit(i, i).await;
            drop(emitted);
        }
    }
    #[op]
    fn careless_blocking(out: DynamicOut<u64>) {
        for i in 0..3 {
            let emitted = out.blocking_emit(i, i);
            drop(emitted);
        }
    }
    #[job]
    fn missing() -> (OutputHandle<Vec<u64>>, OutputHandle<Vec<u64>>) {
        let blocking = careless_blocking().window(1);
        (careless().collect(), blocking.map(slow).collect())
    }
    let run = missing().run().start();
    sleep(SECOND + SECOND / 2).await;
    run.cancel();
    let report = run.wait().await;
    assert_eq!(report.status(), RunStatus::Canceled, "{:?}", report.output());
    assert_eq!(keys_of(&report, StepStatus::Canceled)[..2], ["careless_blocking", "careless"]);
}
