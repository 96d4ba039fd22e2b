//! The command line.

use std::fs::OpenOptions;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Parser;

use crate::contestant::Contestant;
use crate::row::Row;

/// Prints what dynagraph costs per key, beside what could be used instead.
#[derive(Debug, Clone, Parser)]
pub(crate) struct Args {
    /// These rows only
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) rows: Vec<Row>,

    /// These contestants only; ratios need `spawn`
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) only: Vec<Contestant>,

    /// At most so many keys
    #[arg(long, default_value_t = u64::MAX, hide_default_value = true)]
    pub(crate) max: u64,

    /// How many samples the median is of
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,

    /// Threads of tokio's runtime and of rayon's pool [default: as many as cores]
    #[arg(long)]
    pub(crate) workers: Option<usize>,

    /// A rough look in a minute: at most 100,000 keys, samples of 5 ms
    #[arg(long)]
    pub(crate) quick: bool,

    /// Prints how the time falls with the number of cores, instead
    #[arg(long)]
    pub(crate) scaling: bool,

    /// Writes what is printed to this file, too; a relative path starts at the workspace
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,

    /// Runs one row of one contestant and prints numbers, for the process that started this one
    #[arg(long, hide = true, num_args = 3, value_names = ["ROW", "CONTESTANT", "KEYS"])]
    pub(crate) child: Vec<String>,

    /// A child that measures time, on so many cores
    #[arg(long, hide = true)]
    pub(crate) pin: Option<usize>,

    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

impl Args {
    /// The rows to run, in the order of the table.
    pub(crate) fn rows(&self) -> Vec<Row> {
        chosen(&self.rows)
    }

    /// The contestants to run, in the order of the table.
    pub(crate) fn contestants(&self) -> Vec<Contestant> {
        chosen(&self.only)
    }

    /// How many threads.
    pub(crate) fn workers(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.workers.unwrap_or_else(cores)
    }

    /// The file to write, which is made if it is not there.
    pub(crate) fn file(&self) -> Result<Option<PathBuf>, io::Error> {
        let Some(file) = &self.write else { return Ok(None) };
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        OpenOptions::new().append(true).create(true).open(&file)?;
        Ok(Some(file))
    }

    /// The most keys.
    pub(crate) fn largest(&self) -> u64 {
        if self.quick { self.max.min(100_000) } else { self.max }
    }
}

fn chosen<T: clap::ValueEnum + PartialEq>(given: &[T]) -> Vec<T> {
    let all = T::value_variants().iter();
    all.filter(|item| given.is_empty() || given.contains(item)).cloned().collect()
}
