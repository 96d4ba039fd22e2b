//! `show RUN [STEP]`

mod output;
mod run;
mod step;

use std::io;

use clap::Args;
use dynagraph_runtime::store::{StoredRun, StoredStep};

use super::store::{self, NoStep, OpenStore, StoreArgs, StoreProblem};
use super::{Program, describe, usage};
use crate::console::Console;
use crate::exit::Exit;

/// Shows a run, or one step of it, as its store has it.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The run's id, or its first digits.
    run: String,
    /// A step's key, such as `fetch[7]`.
    step: Option<String>,
    /// Shows the values that steps gave, too.
    #[arg(long)]
    values: bool,
    #[command(flatten)]
    store: StoreArgs,
    /// Prints it as JSON, with values in their full length.
    #[arg(long)]
    json: bool,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
enum ShowProblem {
    #[error(transparent)]
    Store(#[from] StoreProblem),
    #[error(transparent)]
    Step(#[from] NoStep),
}

impl Show {
    pub(super) fn execute(
        self,
        mut program: Program,
        console: &mut Console<'_>,
    ) -> io::Result<Exit> {
        match self.shown(&mut program) {
            Ok(shown) => {
                console.print(shown)?;
                Ok(Exit::Success)
            }
            Err(error) => usage(console, error),
        }
    }

    fn shown(&self, program: &mut Program) -> Result<String, ShowProblem> {
        let store = self.store.open(program, "show RUN")?;
        let id = store.find(&self.run)?.id;
        let run = store.store.read(id).map_err(StoreProblem::from)?;
        match &self.step {
            None => Ok(self.shown_run(&run, &store)),
            Some(key) => {
                let step = store::step(&run, key, &store)?;
                let object = step::StepObject::of(step, self.values);
                Ok(if self.json { describe::json(&object) } else { object.to_string() })
            }
        }
    }

    fn shown_run(&self, run: &StoredRun, store: &OpenStore) -> String {
        let folded = run::Folded::of(run);
        let steps = self.values.then(|| {
            let gave = |step: &&StoredStep| !step.outputs.is_empty();
            let steps = run.steps().filter(gave);
            steps.map(|step| step::StepObject::of(step, true)).collect::<Vec<_>>()
        });
        if self.json {
            return describe::json(&folded.object(run, steps));
        }
        let mut text = folded.text(run, store);
        for step in steps.into_iter().flatten() {
            text.push('\n');
            text.push_str(&step.outputs_text());
        }
        text
    }
}
