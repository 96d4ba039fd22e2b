//! `resume [RUN]`

use std::io;

use clap::Args;
use dynagraph_runtime::registry::Shown;
use dynagraph_runtime::store::{RunState, RunSummary};
use dynagraph_runtime::{Job, RunId};

use super::running::{Kept, RunOptions};
use super::store::{OpenStore, StoreArgs, StoreProblem};
use super::stored_job::{AnewArgs, StoredJobProblem};
use super::{Program, describe, usage};
use crate::console::Console;
use crate::exit::Exit;

/// Goes on with a run that a store has.
///
/// The job is that of the run, with its arguments. What succeeded is not run again, but for the steps that `--select` names:
/// these are executed on what the run has stored, and no other step is.
#[derive(Debug, Args)]
pub(super) struct Resume {
    /// The run's id, or its first digits [default: the latest run that has not succeeded; with --select, the latest]
    run: Option<String>,
    #[command(flatten)]
    anew: AnewArgs,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    options: RunOptions,
}

/// Why a run cannot go on.
#[derive(Debug, thiserror::Error)]
enum ResumeProblem {
    #[error(transparent)]
    Store(#[from] StoreProblem),
    #[error("the store has no runs\n\n`{call}` begins one")]
    NoRuns { call: String },
    #[error(
        "every run of the store has succeeded\n\n`{call}` gives the output of the latest one again"
    )]
    NothingToDo { call: String },
    #[error(
        "the run {run} is owned by {owner}, which is alive\n\nwait for its end, or write `{call}`, \
         which asks it to end"
    )]
    Live { run: RunId, owner: String, call: String },
    #[error(transparent)]
    Job(#[from] StoredJobProblem),
}

impl Resume {
    pub(super) async fn execute(
        self,
        mut program: Program,
        console: &mut Console<'_>,
    ) -> io::Result<Exit> {
        match self.prepare(&mut program) {
            Ok((job, kept)) => self.options.run(&job, Some(kept), program, console).await,
            Err(error) => usage(console, error),
        }
    }

    fn prepare(&self, program: &mut Program) -> Result<(Job<Shown>, Kept), ResumeProblem> {
        let store = self.store.open(program, "resume")?;
        let run = match &self.run {
            Some(text) => store.find(text)?,
            None => latest(&store, self.options.selects())?,
        };
        if let RunState::Live { owner, .. } = &run.state {
            return Err(live(&store, &run, owner));
        }
        let job = self.anew.job_of(&run, &format!("resume {}", run.id), program, &store)?;
        Ok((job, Kept { resume: Some(run.id), store }))
    }
}

/// The latest run that nobody owns and that has not succeeded, unless `any` will do.
fn latest(store: &OpenStore, any: bool) -> Result<RunSummary, ResumeProblem> {
    let runs = store.store.runs().map_err(StoreProblem::from)?;
    let mut live = None;
    for run in &runs {
        match &run.state {
            RunState::Live { owner, .. } => live = live.or(Some((run, owner))),
            _ if describe::has_succeeded(run) && !any => {}
            _ => return Ok(run.clone()),
        }
    }
    match (live, runs.first()) {
        (Some((run, owner)), _) => Err(self::live(store, run, owner)),
        (None, None) => Err(ResumeProblem::NoRuns { call: store.call("run JOB") }),
        (None, Some(last)) => {
            let call = store.call(format_args!("resume {}", last.id));
            Err(ResumeProblem::NothingToDo { call })
        }
    }
}

fn live(store: &OpenStore, run: &RunSummary, owner: &str) -> ResumeProblem {
    let call = store.call(format_args!("cancel {}", run.id));
    ResumeProblem::Live { run: run.id, owner: owner.to_owned(), call }
}
