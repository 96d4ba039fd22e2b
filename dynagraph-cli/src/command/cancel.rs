//! `cancel RUN`

use std::io;

use clap::Args;
use dynagraph_runtime::store::RunState;
use dynagraph_runtime::{RunId, RunStatus};

use super::store::{StoreArgs, StoreProblem};
use super::{Program, usage};
use crate::console::Console;
use crate::exit::Exit;

/// Asks the process that owns a run to cancel it.
#[derive(Debug, Args)]
pub(super) struct Cancel {
    /// The run's id, or its first digits.
    run: String,
    #[command(flatten)]
    store: StoreArgs,
}

/// Why there is nobody to ask.
#[derive(Debug, thiserror::Error)]
enum CancelProblem {
    #[error(transparent)]
    Store(#[from] StoreProblem),
    #[error("nobody owns the run {run}: {why}")]
    NotOwned { run: RunId, why: String },
}

impl Cancel {
    pub(super) fn execute(
        self,
        mut program: Program,
        console: &mut Console<'_>,
    ) -> io::Result<Exit> {
        match self.ask(&mut program) {
            Ok(asked) => {
                console.say(asked)?;
                Ok(Exit::Success)
            }
            Err(error) => usage(console, error),
        }
    }

    fn ask(&self, program: &mut Program) -> Result<String, CancelProblem> {
        let store = self.store.open(program, "cancel RUN")?;
        let run = store.find(&self.run)?;
        let id = run.id;
        let why = match &run.state {
            RunState::Live { owner, .. } => {
                store.store.ask_cancel(id).map_err(StoreProblem::from)?;
                return Ok(format!("asked {owner} to cancel the run {id}"));
            }
            RunState::Interrupted => {
                let call = store.call(format_args!("resume {id}"));
                format!("it was interrupted\n\n`{call}` goes on with it")
            }
            RunState::Ended { status: RunStatus::Success, .. } => "it has succeeded".to_owned(),
            RunState::Ended { status: RunStatus::Canceled, .. } => "it was canceled".to_owned(),
            _ => "it has failed".to_owned(),
        };
        Err(CancelProblem::NotOwned { run: id, why })
    }
}
