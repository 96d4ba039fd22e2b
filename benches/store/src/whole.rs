//! Whole runs of one map: without a store, with one, and gone on with when they are done.

use std::time::Duration;

use anyhow::{Result, ensure};
use dynagraph::prelude::*;
use dynagraph::{Durability, SqliteOptions};

use crate::clock::{Start, Used, each, rate};
use crate::folder;

/// How many steps a run has.
pub(crate) const STEPS: u64 = 100_000;

/// What a run with a store costs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whole {
    /// Microseconds of CPU time that a step takes more.
    pub(crate) added: f64,
    /// Steps a second.
    pub(crate) rate: f64,
    /// Bytes that a step takes on the disk.
    pub(crate) bytes: u64,
    /// Going on with it when it is done, from opening the store to its end.
    pub(crate) resumed: Duration,
    pub(crate) resumed_cpu: Duration,
}

/// A value of 100 bytes.
fn value(number: u64) -> String {
    format!("{number:0>100}")
}

#[op]
fn numbers(count: u64) -> Vec<DynamicOutput<u64>> {
    (0..count).map(|number| DynamicOutput::new(number, number)).collect()
}

#[op]
fn values(count: u64) -> Vec<DynamicOutput<String>> {
    (0..count).map(|number| DynamicOutput::new(value(number), number)).collect()
}

#[op]
async fn written(number: u64) -> String {
    value(number)
}

#[op]
async fn passed(value: String) -> String {
    value
}

#[op]
fn total(values: &[String]) -> u64 {
    values.iter().map(|value| value.len() as u64).sum()
}

/// One map that gives 100 bytes for each key. Its keys have a number each, or 100 bytes too.
fn job(keyed: bool) -> Job<u64> {
    Job::compose("bench", || {
        let values = if keyed { values(STEPS).map(passed) } else { numbers(STEPS).map(written) };
        total(values.collect())
    })
}

/// What a run without a store takes.
pub(crate) async fn plain(keyed: bool) -> Result<Used> {
    let job = job(keyed);
    let start = Start::now();
    let total = job.run().await?;
    let used = start.used();
    ensure!(total == 100 * STEPS, "the run without a store is wrong");
    Ok(used)
}

/// What a run with a store takes.
pub(crate) async fn measure(keyed: bool, durability: Durability, plain: Used) -> Result<Whole> {
    let folder = folder()?;
    let path = folder.path().join("runs.db");
    let open = || SqliteOptions::new().durability(durability).open(&path);
    let job = job(keyed);
    let store = open()?;
    let start = Start::now();
    let total = job.run().store(store.clone()).await?;
    let used = start.used();
    ensure!(total == 100 * STEPS, "the run with a store is wrong");
    drop(store);
    let bytes = path.metadata()?.len();

    let start = Start::now();
    let report = job.run().store(open()?).resume_last().report().await;
    let resumed = start.used();
    ensure!(report.output() == Some(&(100 * STEPS)), "the run that goes on is wrong");
    let op = if keyed { "passed" } else { "written" };
    ensure!(report.count(op, StepStatus::Cached) as u64 == STEPS, "not all steps are cached");
    Ok(Whole {
        added: each(used.all, STEPS) - each(plain.all, STEPS),
        rate: rate(used.wall, STEPS),
        bytes: bytes / STEPS,
        resumed: resumed.wall,
        resumed_cpu: resumed.all,
    })
}
