//! Jitter drawn from a seed.

use std::collections::BTreeSet;

use dynagraph::prelude::*;
use tokio::time::Instant;

use crate::support::{Log, count};

#[op(max_retries = 4, delay = "10s", backoff = "exponential", jitter = "full")]
async fn never(log: Resource<Log>, ctx: OpContext, began: Instant, _x: u64) -> Result<u64, String> {
    let at = began.elapsed().as_nanos();
    log.say(format!("{} {} {at}", ctx.step_key(), ctx.attempt()));
    Err("no".to_owned())
}

#[job]
fn failing(began: Instant) {
    count(3).map(|x| never(began, x));
    never(began, 1).alias("alone");
}

/// When every attempt began.
async fn attempts(seed: u64, shuffle: Option<u64>) -> BTreeSet<String> {
    let log = Log::default();
    let run = failing(Instant::now()).run().resource(log.clone()).seed(seed);
    let run = match shuffle {
        Some(shuffle) => run.shuffle(shuffle),
        None => run,
    };
    assert!(run.await.is_err());
    let lines = log.lines();
    assert_eq!(lines.len(), 20);
    lines.into_iter().collect()
}

/// S27
#[tokio::test(start_paused = true)]
async fn one_seed_gives_the_same_delays_in_every_run_in_whatever_order() {
    let first = attempts(1, None).await;
    assert_eq!(first, attempts(1, None).await);
    assert_eq!(first, attempts(1, Some(9)).await);
    assert_ne!(first, attempts(2, None).await);
}
