//! What storing a run costs: steps, what they take on disk, reading them, and large values.
#![expect(clippy::print_stdout, reason = "a program that prints what it measured")]

mod clock;

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use clock::{Start, Used, each, rate};
use dynagraph_runtime::store::{
    Codec, Fingerprint, KeyEmitted, NodeInfo, OutputRecord, Record, RunInfo, RunLog, RunStore,
    StepEnded, StoredValue,
};
use dynagraph_runtime::{KeyPath, StepStatus};
use dynagraph_sqlite::{Durability, SqliteOptions};
use futures::executor::block_on;

const STEPS: u64 = 100_000;
const FILES: u64 = 1_000;
/// How often large values and plain files take turns.
const TURNS: u64 = 20;
const LARGE: usize = 1_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(3);
    for round in 0..rounds {
        large_values(round)?;
        for (name, durability) in [("full", Durability::Full), ("normal", Durability::Normal)] {
            for (shape, keys) in [("steps", false), ("keys and steps", true)] {
                let folder = folder()?;
                let title = format!("round {round}, {name}, {STEPS} {shape}");
                steps(&title, &folder.path().join("runs.db"), durability, keys)?;
            }
        }
    }
    Ok(())
}

/// A folder on the disk of the current one.
fn folder() -> Result<tempfile::TempDir, std::io::Error> {
    tempfile::tempdir_in(
        std::env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from),
    )
}

/// Writes the steps of a run, then reads it.
fn steps(
    title: &str,
    path: &Path,
    durability: Durability,
    keys: bool,
) -> Result<(), Box<dyn Error>> {
    let store = SqliteOptions::new().durability(durability).open(path)?;
    let mut run = RunInfo::new("bench");
    run.nodes = vec![NodeInfo::new("list", "list"), NodeInfo::new("load", "load")];
    let log = store.begin(&run)?;
    let start = Start::now();
    let mut block = Vec::new();
    for number in 0..STEPS {
        if keys {
            block.push(key(number));
        }
        block.push(step(number)?);
        if block.len() >= 64 {
            wait_for_room(&*log);
            log.append_all(&mut block);
        }
    }
    log.append_all(&mut block);
    block_on(log.flush())?;
    let Used { wall, all, own } = start.used();
    let writer = each(all.saturating_sub(own), STEPS);
    let (own, rate) = (each(own, STEPS), rate(wall, STEPS));
    println!("{title}: writer {writer:.2} µs CPU, caller {own:.2} µs CPU, {rate:.0} /s");
    drop((log, store));

    let bytes = path.metadata()?.len() / STEPS;
    let store = SqliteOptions::new().open(path)?;
    let start = Start::now();
    let stored = store.read(run.id)?;
    let Used { wall, all, .. } = start.used();
    let steps = stored.steps().len();
    println!("    {bytes} bytes a step; {steps} steps read in {wall:.0?}, CPU {all:.0?}");
    Ok(())
}

fn wait_for_room(log: &dyn RunLog) {
    if log.is_full() {
        block_on(log.room());
    }
}

fn key(number: u64) -> Record {
    Record::KeyEmitted(KeyEmitted {
        node: 0,
        path: KeyPath::root(),
        attempt: 1,
        output: 0,
        index: number,
        key: number.into(),
        value: Some(StoredValue::new(Codec::MessagePack, "u64", number.to_le_bytes().to_vec())),
    })
}

fn step(number: u64) -> Result<Record, Box<dyn Error>> {
    let path = KeyPath::from_exact(&number.to_string()).ok_or("a number is a key")?;
    let mut step = StepEnded::new(1, path, StepStatus::Success);
    let value = StoredValue::new(Codec::MessagePack, "bench::Value", vec![7; 100]);
    step.outputs.push(OutputRecord::Value(value));
    let mut print = [3; 16];
    print[..8].copy_from_slice(&number.to_le_bytes());
    step.fingerprint = Some(Fingerprint::from_bytes(print));
    step.started = Some(std::time::SystemTime::now());
    Ok(Record::StepEnded(step))
}

/// Stores large values, and writes the same bytes as plain files: in turns, as disks have moods.
fn large_values(round: u64) -> Result<(), Box<dyn Error>> {
    let (plain_folder, folder) = (folder()?, folder()?);
    let store = SqliteOptions::new().open(folder.path().join("runs.db"))?;
    let mut run = RunInfo::new("bench");
    run.nodes.push(NodeInfo::new("load", "load"));
    let log = store.begin(&run)?;
    let (mut plain, mut stored) = (Used::default(), Used::default());
    for turn in 0..TURNS {
        let numbers = (turn * FILES / TURNS)..((turn + 1) * FILES / TURNS);
        let values: Vec<_> = numbers.clone().map(large_value).collect();
        let start = Start::now();
        for (number, bytes) in numbers.zip(values.clone()) {
            let mut file = File::create(plain_folder.path().join(number.to_string()))?;
            file.write_all(&bytes)?;
            file.sync_all()?;
        }
        plain += start.used();
        let start = Start::now();
        for bytes in values {
            let mut step = StepEnded::new(0, KeyPath::root(), StepStatus::Success);
            let value = StoredValue::new(Codec::MessagePack, "bench::Value", bytes);
            step.outputs.push(OutputRecord::Value(value));
            wait_for_room(&*log);
            log.append(Record::StepEnded(step));
        }
        block_on(log.flush())?;
        stored += start.used();
    }
    let share = plain.wall.as_secs_f64() / stored.wall.as_secs_f64() * 100.0;
    println!(
        "round {round}, {FILES} values of 1 MB: {:.1?}, CPU {:.1?}; plain files {:.1?}, CPU {:.1?}: \
         {share:.0} % of their speed",
        stored.wall, stored.all, plain.wall, plain.all
    );
    Ok(())
}

fn large_value(number: u64) -> Vec<u8> {
    let word = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
    word.repeat(LARGE / word.len())
}
