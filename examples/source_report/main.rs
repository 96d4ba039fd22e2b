//! What the crates of the local Cargo registry are made of.
//!
//! `cargo run --release --example source_report`, or with a folder after `--`: its sub-folders are the crates.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod counts;
mod folders;
mod scan;
mod table;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use dynagraph::RunError;
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

/// Files are counted while crates are still looked for; the table is made while files are counted.
#[job]
pub(crate) fn source_report(root: PathBuf) -> OutputHandle<Table> {
    let crates = crates(root).window(16);
    let rows = crates.map(|folder| sum(folder, sources(folder).map(count).collect()));
    rows.fold(Table::default(), add)
}

/// The table of a folder's crates.
pub(crate) async fn report(root: PathBuf) -> Result<String, RunError> {
    let report = source_report(root).run().report().await;
    let took = report.duration();
    Ok(format!("{}\nin {:.2} s\n", report.into_result()?, took.as_secs_f64()))
}

#[tokio::main]
async fn main() -> Result<(), RunError> {
    let root = env::args_os().nth(1).map_or_else(folders::registry, PathBuf::from);
    print!("{}", report(root).await?);
    Ok(())
}
