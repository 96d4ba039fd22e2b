//! What an op knows of its step, and what it can say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use dynagraph::prelude::*;
use dynagraph::{Event, EventKind, MetadataValue};

use crate::support::{Log, count};

/// What each attempt was told: token by step key and attempt.
type Tokens = Arc<Mutex<BTreeMap<(String, u32), String>>>;

#[op]
async fn token(ctx: OpContext, tokens: Resource<Tokens>, x: u64) -> Result<u64, String> {
    let step = (ctx.step_key().to_string(), ctx.attempt());
    let mut tokens = tokens.lock().unwrap_or_else(PoisonError::into_inner);
    tokens.insert(step, ctx.idempotency_token());
    if ctx.attempt() < 3 { Err("again".to_owned()) } else { Ok(x) }
}

#[tokio::test]
async fn a_token_is_the_same_in_every_attempt_and_in_no_other_step_or_run() {
    #[job]
    fn tokens() {
        count(4).map(|x| token(x).retry(RetryPolicy::new(2)));
    }
    let mut all = BTreeSet::new();
    for _ in 0..2 {
        let tokens_of_run = Tokens::default();
        tokens().run().resource(Arc::clone(&tokens_of_run)).await.unwrap();
        let tokens_of_run = tokens_of_run.lock().unwrap();
        assert_eq!(tokens_of_run.len(), 12);
        for key in 0..4 {
            let of_attempt = |attempt| &tokens_of_run[&(format!("token[{key}]"), attempt)];
            assert_eq!(of_attempt(1), of_attempt(2));
            assert_eq!(of_attempt(1), of_attempt(3));
            assert_eq!(of_attempt(1).len(), 32);
            all.insert(of_attempt(1).clone());
        }
    }
    assert_eq!(all.len(), 8);
}

#[tokio::test]
async fn a_context_knows_the_keys_of_every_level() {
    #[op]
    async fn keys(ctx: OpContext, log: Resource<Log>, x: u64) -> u64 {
        let keys: Vec<_> = ctx.mapping_keys().iter().map(ToString::to_string).collect();
        log.say(format!("{} {}", ctx.step_key(), keys.join(" ")));
        x
    }
    #[job]
    fn levels() {
        let outer = count(3).map(|x| count(keys(x)).alias("inner").map(|y| keys(y).alias("deep")));
        outer.flatten().map(|z| keys(z).alias("deeper"));
        keys(9).alias("plain");
    }
    let log = Log::default();
    levels().run().resource(log.clone()).await.unwrap();
    let mut lines = log.lines();
    lines.sort();
    let expected = [
        "deep[1/0] 1 0",
        "deep[2/0] 2 0",
        "deep[2/1] 2 1",
        "deeper[1/0] 1 0",
        "deeper[2/0] 2 0",
        "deeper[2/1] 2 1",
        "keys[0] 0",
        "keys[1] 1",
        "keys[2] 2",
        "plain ",
    ];
    assert_eq!(lines, expected);
}

#[op]
async fn speaks(ctx: OpContext, x: u64) -> Result<u64, String> {
    ctx.add_output_metadata("attempt", ctx.attempt());
    ctx.add_output_metadata("half", 0.5);
    if ctx.attempt() == 1 {
        ctx.add_output_metadata("failed", true);
        return Err("again".to_owned());
    }
    ctx.progress(1, 2);
    ctx.add_output_metadata("half", "twice");
    Ok(x)
}

#[op]
fn speaks_blocking(ctx: OpContext, x: u64) -> u64 {
    ctx.progress(1, 2);
    ctx.add_output_metadata("rows", x);
    x
}

#[tokio::test]
async fn what_an_op_says_of_its_outputs_is_that_of_its_last_attempt() {
    #[job]
    fn speaking() {
        let policy = RetryPolicy::new(1);
        count(1).map(|x| speaks_blocking(speaks(x).retry(policy)));
        speaks_blocking(speaks(7).alias("alone").retry(policy)).alias("alone_blocking");
    }
    let log = Log::default();
    let told = log.clone();
    let run = speaking().run().observe(move |event: &Event| match &event.kind {
        EventKind::StepProgress { step, done, total, .. } => {
            told.say(format!("{step} {done}/{total}"));
        }
        EventKind::StepSuccess { step, metadata, .. } if !metadata.is_empty() => {
            let said: Vec<_> = metadata.iter().map(|(name, it)| format!("{name}={it}")).collect();
            told.say(format!("{step} {}", said.join(" ")));
        }
        _ => {}
    });
    let report = run.report().await;
    let mut lines = log.lines();
    lines.sort();
    let expected = [
        "alone 1/2",
        "alone attempt=2 half=twice",
        "alone_blocking 1/2",
        "alone_blocking rows=7",
        "speaks[0] 1/2",
        "speaks[0] attempt=2 half=twice",
        "speaks_blocking[0] 1/2",
        "speaks_blocking[0] rows=0",
    ];
    assert_eq!(lines, expected);
    let rows = report.step("alone_blocking").map(|step| step.metadata().to_vec());
    assert_eq!(rows, Some(vec![("rows".to_owned(), MetadataValue::Int(7))]));
}
