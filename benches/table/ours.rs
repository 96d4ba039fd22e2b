//! The rows as dynagraph's jobs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dynagraph::Event;
use dynagraph::prelude::*;

use crate::row::Row;
use crate::work::{self, INNER, Tally};

#[op]
fn list(n: u64) -> Vec<DynamicOutput<u64>> {
    (0..n).map(|x| DynamicOutput::new(x, x)).collect()
}

#[op]
fn named(n: u64) -> Vec<DynamicOutput<u64>> {
    (0..n).map(|x| DynamicOutput::new(x, work::string_key(x))).collect()
}

#[op]
async fn emit(out: DynamicOut<u64>, n: u64) -> Result<(), OpError> {
    for x in 0..n {
        out.emit(x, x).await?;
    }
    Ok(())
}

#[op]
fn sum(values: &[u64]) -> u64 {
    values.iter().sum()
}

#[op]
fn sum_nested(values: &[Vec<u64>]) -> u64 {
    values.iter().flatten().sum()
}

#[op]
fn count(values: &Partial<u64>) -> (u64, u64) {
    (values.values.values().sum(), values.failed.len() as u64)
}

#[op]
async fn add(sum: u64, x: u64) -> u64 {
    sum + x
}

#[op]
async fn increment(x: u64) -> u64 {
    work::increment(x)
}

#[op]
fn increment_sync(x: u64) -> u64 {
    work::increment(x)
}

#[op]
async fn yield_once(x: u64) -> u64 {
    tokio::task::yield_now().await;
    work::increment(x)
}

#[op]
async fn sleep(x: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(1)).await;
    work::increment(x)
}

#[op]
fn burn(x: u64) -> u64 {
    work::burn(x)
}

#[op]
async fn fail_tenth(x: u64) -> Result<u64, String> {
    work::fail_tenth(x)
}

#[op]
async fn fail(x: u64) -> Result<u64, String> {
    work::fail(x)
}

#[op]
async fn fail_twice(ctx: OpContext, x: u64) -> Result<u64, String> {
    work::fail_twice(ctx.attempt(), x)
}

#[job]
fn one_map(n: u64) -> OutputHandle<u64> {
    sum(list(n).map(increment).collect())
}

#[job]
fn one_map_sync(n: u64) -> OutputHandle<u64> {
    sum(list(n).map(increment_sync).collect())
}

#[job]
fn chain(n: u64) -> OutputHandle<u64> {
    sum(list(n).map(increment).map(increment).map(increment).collect())
}

#[job]
fn nested(n: u64) -> OutputHandle<u64> {
    sum_nested(list(n / INNER).map(|_| list(INNER).map(increment)).collect())
}

#[job]
fn strings(n: u64) -> OutputHandle<u64> {
    sum(named(n).map(increment).collect())
}

#[job]
fn yields(n: u64) -> OutputHandle<u64> {
    sum(list(n).map(yield_once).collect())
}

#[job]
fn sleeps(n: u64) -> OutputHandle<u64> {
    sum(list(n).map(sleep).collect())
}

#[job]
fn burns(n: u64) -> OutputHandle<u64> {
    sum(list(n).map(burn).collect())
}

#[job]
fn fold(n: u64) -> OutputHandle<u64> {
    emit(n).map(increment).fold(0, add)
}

#[job]
fn failures(n: u64) -> OutputHandle<(u64, u64)> {
    count(list(n).map(fail_tenth).collect_partial(Tolerance::ratio(0.2)))
}

#[job]
fn all_fail(n: u64) -> OutputHandle<u64> {
    sum(list(n).map(fail).collect())
}

#[job]
fn retries(n: u64) -> OutputHandle<u64> {
    sum(list(n).map(|x| fail_twice(x).retry(RetryPolicy::new(2))).collect())
}

/// Runs the job of a row.
pub(crate) async fn run(row: Row, n: u64) -> Result<Tally, String> {
    let sum = match row {
        Row::Map | Row::Tracing => one_map(n).run().await,
        Row::Sync => one_map_sync(n).run().await,
        Row::Chain => chain(n).run().await,
        Row::Nested => nested(n).run().await,
        Row::Strings => strings(n).run().await,
        Row::Yields => yields(n).run().await,
        Row::Sleeps => sleeps(n).run().max_concurrent(10_000).await,
        Row::Cpu => burns(n).run().await,
        Row::Fold => fold(n).run().await,
        Row::Retries => retries(n).run().await,
        Row::Failures => return partial(n).await,
        Row::AllFail => return report(n).await,
        Row::Observer => return observed(n).await,
    };
    done(sum)
}

fn done(sum: Result<u64, RunError>) -> Result<Tally, String> {
    sum.map(|sum| Tally { sum, failed: 0 }).map_err(|error| error.to_string())
}

async fn partial(n: u64) -> Result<Tally, String> {
    match failures(n).run().await {
        Ok((sum, failed)) => Ok(Tally { sum, failed }),
        Err(error) => Err(error.to_string()),
    }
}

/// The error has to fit on one screen, too.
async fn report(n: u64) -> Result<Tally, String> {
    let report = all_fail(n).run().report().await;
    let text = report.error().map(ToString::to_string).unwrap_or_default();
    if text.is_empty() || text.lines().count() > 24 || text.len() > 24 * 80 {
        return Err(format!("an error of {} bytes", text.len()));
    }
    Ok(Tally { sum: 0, failed: report.count("fail", StepStatus::Failure) as u64 })
}

async fn observed(n: u64) -> Result<Tally, String> {
    let seen = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&seen);
    let observer = move |_: &Event| {
        counted.fetch_add(1, Ordering::Relaxed);
    };
    let tally = done(one_map(n).run().observe(observer).await)?;
    let events = seen.load(Ordering::Relaxed);
    if events < 2 * n { Err(format!("only {events} events")) } else { Ok(tally) }
}
