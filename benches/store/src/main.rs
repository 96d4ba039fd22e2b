//! What storing a run costs: whole runs with a store and without, going on with them, the store alone, and large values.
//!
//! `cargo run --release -p dynagraph-store-bench`, with `-- --write benches/STORE.md` to write the table, too.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints what it measured")]

mod alone;
mod clock;
mod large;
mod machine;
mod table;
mod whole;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use dynagraph::Durability;
use tempfile::TempDir;

use alone::Alone;
use large::Large;
use whole::Whole;

/// Prints what storing a run costs.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many samples the median is of
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Writes what is printed to this file, too; a relative path starts at the workspace
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

/// What was measured, a sample for each round.
#[derive(Debug, Default)]
struct Samples {
    large: Vec<Large>,
    /// With `full` durability, and with `normal`.
    alone: [Vec<Alone>; 2],
    /// The same, when every step has a key of 100 bytes, too.
    whole: [Vec<Whole>; 2],
    keyed: [Vec<Whole>; 2],
}

/// What is committed outlives a loss of power, or not at once.
const DURABILITIES: [Durability; 2] = [Durability::Full, Durability::Normal];

fn main() -> anyhow::Result<()> {
    let Arguments { rounds, write } = Arguments::parse();
    let machine = machine::describe();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build()?;
    let mut samples = Samples::default();
    for round in 1..=rounds {
        eprintln!("round {round}");
        samples.large.push(large::measure()?);
        for (place, durability) in DURABILITIES.into_iter().enumerate() {
            samples.alone[place].push(alone::measure(durability)?);
        }
        for (keyed, all) in [(false, &mut samples.whole), (true, &mut samples.keyed)] {
            let plain = runtime.block_on(whole::plain(keyed))?;
            for (place, durability) in DURABILITIES.into_iter().enumerate() {
                all[place].push(runtime.block_on(whole::measure(keyed, durability, plain))?);
            }
        }
    }
    let text = table::render(&samples, &machine, rounds);
    print!("{text}");
    if let Some(file) = write {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file), text)?;
    }
    Ok(())
}

/// A folder on the disk of what is built.
fn folder() -> std::io::Result<TempDir> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from);
    fs::create_dir_all(&target)?;
    tempfile::tempdir_in(target)
}
