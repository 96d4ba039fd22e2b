//! What the crates of the local Cargo registry are made of; a program that is called by its command line.
//!
//! `cargo run --release --example source_report -- run source_report`, or with `--arg root=..` for a folder whose sub-folders
//! are the crates. With `--store runs.db` the run is kept, and `-- resume --store runs.db` goes on with one that was killed.
//! `-- list`, `-- plan source_report` and `-- help` say what else there is.

mod counts;
mod folders;
mod scan;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use dynagraph::prelude::*;

use counts::Counts;
use table::{Row, Table};

/// Emits the crates as it finds them, and waits while as many as the window are not done.
#[op]
fn crates(root: PathBuf, crates: DynamicOut<PathBuf>) -> Result<(), OpError> {
    let found = folders::crates(&root).map_err(|error| format!("{}: {error}", root.display()))?;
    for (place, folder) in found.enumerate() {
        crates.blocking_emit(folder, place)?;
    }
    Ok(())
}

#[op]
fn sources(folder: PathBuf, sources: DynamicOut<PathBuf>) -> Result<(), OpError> {
    for (place, path) in folders::sources(folder).enumerate() {
        sources.blocking_emit(path, place)?;
    }
    Ok(())
}

/// A file that cannot be read is a result like any other; the run goes on.
#[op]
fn count(path: PathBuf) -> Counts {
    match fs::read_to_string(&path) {
        Ok(text) => scan::count(&text),
        Err(error) => Counts { unread: vec![(path, error.to_string())], ..Counts::default() },
    }
}

#[op]
fn sum(folder: &Path, counts: Vec<Counts>) -> Row {
    Row { name: folders::name(folder), counts: counts.into_iter().sum() }
}

#[op]
fn add(table: Table, row: Row) -> Table {
    table.with(row)
}

/// Counts the sources of every crate below `root`, or of the local Cargo registry.
///
/// Files are counted while crates are still looked for; the table is made while files are counted.
#[job]
pub(crate) fn source_report(root: Option<PathBuf>) -> OutputHandle<Table> {
    let crates = crates(root.unwrap_or_else(folders::registry)).window(16);
    let rows = crates.map(|folder| sum(folder, sources(folder).map(count).collect()));
    rows.fold(Table::default(), add)
}

fn main() -> ExitCode {
    dynagraph::cli::main()
}
