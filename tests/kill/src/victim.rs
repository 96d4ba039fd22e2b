//! The process that is killed: it runs the job, or goes on with it.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use dynagraph::store::{RunStore, StoreError};
use dynagraph::{Durability, Run, RunError, RunReport, SqliteOptions, SqliteStore};
use tokio::runtime::Runtime;

use crate::job::{Failing, Given, killed};
use crate::journal::Journal;
use crate::outcome::Outcome;

/// How many steps run at once.
pub(crate) const AT_ONCE: usize = 48;

/// Runs the job until it is done or dead.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Victim {
    #[arg(long)]
    pub(crate) store: PathBuf,
    #[arg(long)]
    pub(crate) journal: Option<PathBuf>,
    /// Where what the job gave is written to.
    #[arg(long)]
    pub(crate) output: Option<PathBuf>,
    #[arg(long)]
    pub(crate) keys: u64,
    /// A commit does not wait for the disk.
    #[arg(long)]
    pub(crate) normal: bool,
    /// Some steps fail.
    #[arg(long)]
    pub(crate) failing: bool,
    /// How large the database may be.
    #[arg(long)]
    pub(crate) pages: Option<u32>,
    #[arg(long)]
    pub(crate) ctrl_c: bool,
}

impl Victim {
    pub(crate) fn run(&self) -> ExitCode {
        let outcome = match Runtime::new() {
            Ok(runtime) => runtime.block_on(self.session()).0,
            Err(error) => Outcome::Other(error.to_string()),
        };
        println!("{outcome}");
        outcome.into()
    }

    /// One session of the run, and what the job gave.
    pub(crate) async fn session(&self) -> (Outcome, Option<Given>) {
        let journal = match Journal::open(self.journal.as_deref()) {
            Ok(journal) => journal,
            Err(error) => return (Outcome::Other(error.to_string()), None),
        };
        let run = match self.opened() {
            Ok(run) => run.resource(journal).resource(Failing(self.failing)),
            Err(error) => return (Outcome::Refused(error), None),
        };
        let run = run.max_concurrent(AT_ONCE);
        let report = if self.ctrl_c { run.cancel_on_ctrl_c() } else { run }.report().await;
        self.ended(report)
    }

    /// A new run, or the one that the store has.
    fn opened(&self) -> Result<Run<Given>, StoreError> {
        let durability = if self.normal { Durability::Normal } else { Durability::Full };
        let options = SqliteOptions::new().durability(durability).inline_limit(4_096);
        let options = match self.pages {
            Some(pages) => options.max_pages(pages),
            None => options,
        };
        let store: SqliteStore = options.open(&self.store)?;
        let job = killed(self.keys);
        let last = store.last_run(job.name())?;
        let run = job.run().store(store);
        Ok(if last.is_some() { run.resume_last() } else { run })
    }

    fn ended(&self, report: RunReport<Given>) -> (Outcome, Option<Given>) {
        match report.into_result() {
            Ok(given) => match self.write(&given) {
                Ok(()) => (Outcome::Done, Some(given)),
                Err(error) => (Outcome::Other(error.to_string()), None),
            },
            Err(RunError::Store(error)) => (Outcome::Refused(error), None),
            Err(RunError::Canceled) => (Outcome::Canceled, None),
            Err(error @ RunError::Failed(_)) => (Outcome::Failed(error.to_string()), None),
            Err(error) => (Outcome::Other(error.to_string()), None),
        }
    }

    fn write(&self, given: &Given) -> std::io::Result<()> {
        let Some(path) = &self.output else { return Ok(()) };
        fs::write(path, text(given))
    }
}

/// What the job gave, as text.
pub(crate) fn text((groups, pairs, folded): &Given) -> String {
    let mut text = String::new();
    for group in groups {
        // Writing to a string never fails.
        let _written = writeln!(text, "{group:?}");
    }
    for pair in pairs {
        let _written = writeln!(text, "{pair:?}");
    }
    let _written = writeln!(text, "{folded:?}");
    text
}
