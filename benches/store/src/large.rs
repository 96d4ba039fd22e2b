//! Large values, beside the same bytes as plain files.

use std::fs::File;
use std::io::Write as _;

use anyhow::Result;
use dynagraph::store::{
    Codec, NodeInfo, OutputRecord, Record, RunInfo, RunStore, StepEnded, StoredValue,
};
use dynagraph::{KeyPath, SqliteOptions, StepStatus};
use futures::executor::block_on;

use crate::alone::wait_for_room;
use crate::clock::{Start, Used};
use crate::folder;

const FILES: u64 = 1_000;
const BYTES: usize = 1_000_000;
/// How often large values and plain files take turns.
const TURNS: u64 = 20;

/// What 1,000 values of 1 MB take.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Large {
    pub(crate) plain: Used,
    pub(crate) stored: Used,
}

/// Stores large values, and writes the same bytes as plain files: in turns, as disks have moods.
pub(crate) fn measure() -> Result<Large> {
    let (plain_folder, folder) = (folder()?, folder()?);
    let store = SqliteOptions::new().open(folder.path().join("runs.db"))?;
    let mut run = RunInfo::new("bench");
    run.nodes.push(NodeInfo::new("load", "load"));
    let log = store.begin(&run)?;
    let mut large = Large::default();
    for turn in 0..TURNS {
        let numbers = (turn * FILES / TURNS)..((turn + 1) * FILES / TURNS);
        let values: Vec<_> = numbers.clone().map(value).collect();
        let start = Start::now();
        for (number, bytes) in numbers.zip(values.clone()) {
            let mut file = File::create(plain_folder.path().join(number.to_string()))?;
            file.write_all(&bytes)?;
            file.sync_all()?;
        }
        large.plain += start.used();
        let start = Start::now();
        for bytes in values {
            let mut step = StepEnded::new(0, KeyPath::root(), StepStatus::Success);
            let value = StoredValue::new(Codec::MessagePack, "bench::Value", bytes);
            step.outputs.push(OutputRecord::Value(value));
            wait_for_room(&*log);
            log.append(Record::StepEnded(step));
        }
        block_on(log.flush())?;
        large.stored += start.used();
    }
    Ok(large)
}

fn value(number: u64) -> Vec<u8> {
    let word = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
    word.repeat(BYTES / word.len())
}
