//! The store alone: records of steps, and what reading them takes.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, ensure};
use dynagraph::store::{
    Codec, Fingerprint, NodeInfo, OutputRecord, Record, RunInfo, RunLog, RunStore, StepEnded,
    StoredValue,
};
use dynagraph::{Durability, KeyPath, SqliteOptions, StepStatus};
use futures::executor::block_on;

use crate::clock::{Start, each, rate};
use crate::folder;
use crate::whole::STEPS;

/// What a store does with the steps of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alone {
    /// Microseconds of CPU time for a step, of the thread that writes and of the one that appends.
    pub(crate) writer: f64,
    pub(crate) caller: f64,
    /// Steps a second.
    pub(crate) rate: f64,
    /// Reading them all.
    pub(crate) read: Duration,
}

/// Writes the steps of a run, then reads it.
pub(crate) fn measure(durability: Durability) -> Result<Alone> {
    let folder = folder()?;
    let path = folder.path().join("runs.db");
    let store = SqliteOptions::new().durability(durability).open(&path)?;
    let mut run = RunInfo::new("bench");
    run.nodes = vec![NodeInfo::new("load", "load")];
    let log = store.begin(&run)?;
    let start = Start::now();
    let mut block = Vec::new();
    for number in 0..STEPS {
        block.push(step(number)?);
        if block.len() >= 64 {
            wait_for_room(&*log);
            log.append_all(&mut block);
        }
    }
    log.append_all(&mut block);
    block_on(log.flush())?;
    let used = start.used();
    drop((log, store));
    let store = SqliteOptions::new().open(&path)?;
    let start = Start::now();
    let stored = store.read(run.id)?;
    let read = start.used().wall;
    ensure!(stored.steps().len() as u64 == STEPS, "not all steps are stored");
    Ok(Alone {
        writer: each(used.all.saturating_sub(used.own), STEPS),
        caller: each(used.own, STEPS),
        rate: rate(used.wall, STEPS),
        read,
    })
}

pub(crate) fn wait_for_room(log: &dyn RunLog) {
    if log.is_full() {
        block_on(log.room());
    }
}

fn step(number: u64) -> Result<Record> {
    let path = KeyPath::from_exact(&number.to_string()).context("a number is a key")?;
    let mut step = StepEnded::new(0, path, StepStatus::Success);
    let value = StoredValue::new(Codec::MessagePack, "bench::Value", vec![7; 100]);
    step.outputs.push(OutputRecord::Value(value));
    let mut print = [3; 16];
    print[..8].copy_from_slice(&number.to_le_bytes());
    step.fingerprint = Some(Fingerprint::from_bytes(print));
    step.started = Some(SystemTime::now());
    Ok(Record::StepEnded(step))
}
