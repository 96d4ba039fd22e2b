//! `runs`

use std::io;
use std::num::NonZeroUsize;

use clap::Args;
use dynagraph_runtime::store::RunSummary;

use super::describe::{self, RunObject};
use super::store::{StoreArgs, StoreProblem, digits};
use super::{Program, usage};
use crate::console::Console;
use crate::exit::Exit;

/// Lists the runs of a store, the latest first.
#[derive(Debug, Args)]
pub(super) struct Runs {
    /// Only those of this job.
    #[arg(long, value_name = "NAME")]
    job: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "N")]
    limit: Option<NonZeroUsize>,
    #[command(flatten)]
    store: StoreArgs,
    /// Prints them as JSON.
    #[arg(long)]
    json: bool,
}

impl Runs {
    pub(super) fn execute(
        self,
        mut program: Program,
        console: &mut Console<'_>,
    ) -> io::Result<Exit> {
        let runs = match self.runs(&mut program) {
            Ok(runs) => runs,
            Err(error) => return usage(console, error),
        };
        let digits = digits(runs.iter().map(|run| run.id));
        let is_of_job = |run: &&RunSummary| self.job.as_ref().is_none_or(|job| run.job == *job);
        let limit = self.limit.map_or(usize::MAX, NonZeroUsize::get);
        let runs: Vec<_> = runs.iter().filter(is_of_job).take(limit).collect();
        if self.json {
            let objects: Vec<_> = runs.iter().map(|run| RunObject::of(run)).collect();
            console.print(describe::json(&objects))?;
        } else if runs.is_empty() {
            let of_job = self.job.map(|job| format!(" of the job `{job}`")).unwrap_or_default();
            console.say(format_args!("the store has no runs{of_job}"))?;
        } else {
            console.print(table(&runs, digits))?;
        }
        Ok(Exit::Success)
    }

    /// All of them: their ids say how many digits tell them apart.
    fn runs(&self, program: &mut Program) -> Result<Vec<RunSummary>, StoreProblem> {
        Ok(self.store.open(program, "runs")?.store.runs()?)
    }
}

/// A line for each run, under their headings.
fn table(runs: &[&RunSummary], digits: usize) -> String {
    let headings = ["run", "state", "started", "took", "job", "arguments"].map(str::to_owned);
    let row = |run: &&RunSummary| {
        [
            run.id.to_string()[..digits].to_owned(),
            describe::state(&run.state).to_owned(),
            describe::when(run.started),
            describe::took(run).map_or_else(|| "-".to_owned(), describe::how_long),
            run.job.clone(),
            describe::arguments(run),
        ]
    };
    describe::table(&[headings].into_iter().chain(runs.iter().map(row)).collect::<Vec<_>>())
}
