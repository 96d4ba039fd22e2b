//! `gc --older-than TIME`

use std::io;
use std::time::{Duration, SystemTime};

use clap::Args;
use dynagraph_runtime::store::{RunState, RunSummary};

use super::store::{StoreArgs, StoreProblem};
use super::{Program, describe, usage};
use crate::console::Console;
use crate::exit::Exit;

/// Deletes old runs, with the values that no other run has.
///
/// A run that a live process owns is kept, and one that could be resumed is not.
#[derive(Debug, Args)]
pub(super) struct Gc {
    /// Deletes what was begun before so much time, such as `30d` or `12h`.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    older_than: Duration,
    /// Says what would be deleted, and deletes nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    store: StoreArgs,
}

impl Gc {
    pub(super) fn execute(
        self,
        mut program: Program,
        console: &mut Console<'_>,
    ) -> io::Result<Exit> {
        let runs = match self.delete(&mut program) {
            Ok(runs) => runs,
            Err(error) => return usage(console, error),
        };
        for run in &runs {
            let (began, state) = (describe::when(run.started), describe::state(&run.state));
            console.print(format_args!("{}  {began}  {state}  {}", run.id, run.job))?;
        }
        let count = match runs.len() {
            1 => "1 run".to_owned(),
            count => format!("{count} runs"),
        };
        let done = if self.dry_run { "would be deleted" } else { "deleted" };
        console.say(format_args!("{count} {done}"))?;
        Ok(Exit::Success)
    }

    /// Deletes the runs, unless it is a rehearsal, and gives them.
    fn delete(&self, program: &mut Program) -> Result<Vec<RunSummary>, StoreProblem> {
        let store = self.store.open(program, "gc --older-than 30d")?.store;
        let before = SystemTime::now().checked_sub(self.older_than);
        let before = before.unwrap_or(SystemTime::UNIX_EPOCH);
        let mut runs = store.runs()?;
        if self.dry_run {
            runs.retain(|run| run.started < before && !matches!(run.state, RunState::Live { .. }));
        } else {
            let deleted = store.delete_before(before)?;
            runs.retain(|run| deleted.contains(&run.id));
        }
        Ok(runs)
    }
}
