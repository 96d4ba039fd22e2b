//! `resume [RUN]`

use std::io;

use clap::Args;
use dynagraph_runtime::registry::{ArgumentError, RegisteredJob, Shown};
use dynagraph_runtime::store::{RunState, RunSummary};
use dynagraph_runtime::{Job, RunId};

use super::job::{self, JobError};
use super::running::{Kept, RunOptions};
use super::store::{OpenStore, StoreArgs, StoreProblem};
use super::{Program, describe, usage};
use crate::console::Console;
use crate::exit::Exit;

/// Goes on with a run that a store has.
///
/// The job is that of the run, with its arguments. What succeeded is not run again.
#[derive(Debug, Args)]
pub(super) struct Resume {
    /// The run's id, or its first digits [default: the latest run that has not succeeded]
    run: Option<String>,
    /// A parameter of the job, instead of what the run was given.
    #[arg(long = "arg", value_name = "NAME=VALUE", value_parser = job::pair)]
    args: Vec<(String, String)>,
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
    #[error(
        "the run {run} is one of the job `{job}`, which this program does not have; {known}\n\n\
         a job that has another name now keeps the old one with `#[job(name = \"{job}\")]`"
    )]
    NoSuchJob { run: RunId, job: String, known: String },
    #[error("the arguments of the run {run} no longer fit the job `{job}`: {error}\n\n{advice}")]
    Arguments { run: RunId, job: String, error: String, advice: String },
    #[error(transparent)]
    Job(#[from] JobError),
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
            None => latest(&store)?,
        };
        if let RunState::Live { owner, .. } = &run.state {
            return Err(live(&store, &run, owner));
        }
        let job = self.job_of(&run, program, &store)?;
        Ok((job, Kept { resume: Some(run.id), store }))
    }

    fn job_of(
        &self,
        run: &RunSummary,
        program: &Program,
        store: &OpenStore,
    ) -> Result<Job<Shown>, ResumeProblem> {
        let Some(registered) = job::named(program, &run.job)? else {
            let known = program.jobs.iter().map(|job| format!("`{}`", job.name()));
            let known = match known.collect::<Vec<_>>().join(", ") {
                none if none.is_empty() => "it has none".to_owned(),
                known => format!("it has {known}"),
            };
            return Err(ResumeProblem::NoSuchJob { run: run.id, job: run.job.clone(), known });
        };
        let arguments = self.arguments(run);
        let given = arguments.iter().map(|(name, text)| (*name, *text)).collect();
        let made = registered.make(&given).map_err(|error| {
            if let Some(usage) = self.own_mistake(&error, run.id, store) {
                return ResumeProblem::Job(JobError::Arguments { error, usage });
            }
            let given: Vec<_> = arguments.iter().map(|(name, _)| *name).collect();
            let advice = advice(&error, run, registered, &given, store);
            let (job, error) = (run.job.clone(), error.to_string());
            ResumeProblem::Arguments { run: run.id, job, error, advice }
        })?;
        made.check().map_err(JobError::from)?;
        Ok(made)
    }

    /// What the run was given, but for what is given now.
    fn arguments<'a>(&'a self, run: &'a RunSummary) -> Vec<(&'a str, &'a str)> {
        let stored = run.arguments.iter().filter(|(name, _)| !self.gives(name));
        stored.chain(&self.args).map(|(name, text)| (&**name, &**text)).collect()
    }

    fn gives(&self, name: &str) -> bool {
        self.args.iter().any(|(given, _)| given == name)
    }

    /// What to write instead, if it is what is given now that makes no job.
    fn own_mistake(&self, error: &ArgumentError, run: RunId, store: &OpenStore) -> Option<String> {
        match error {
            ArgumentError::Unknown { name, .. } if self.gives(name) => {
                Some(store.call(format_args!("resume {run}")))
            }
            ArgumentError::Refused { name, .. } | ArgumentError::Repeated { name, .. }
                if self.gives(name) =>
            {
                Some(store.call(format_args!("resume {run} --arg {name}=..")))
            }
            _ => None,
        }
    }
}

/// What to write when the arguments of a run do not make its job.
fn advice(
    error: &ArgumentError,
    run: &RunSummary,
    job: &RegisteredJob,
    given: &[&str],
    store: &OpenStore,
) -> String {
    let id = run.id;
    let call = match error {
        ArgumentError::Missing { .. } => {
            store.call(format_args!("resume {id}{}", job::missing(job, given)))
        }
        ArgumentError::Refused { name, .. } | ArgumentError::Repeated { name, .. } => {
            store.call(format_args!("resume {id} --arg {name}=.."))
        }
        _ => {
            let call = store.call(format_args!("run {}", job::usage(job)));
            return format!("begin anew with `{call}`");
        }
    };
    format!("write `{call}`")
}

/// The latest run that nobody owns and that has not succeeded.
fn latest(store: &OpenStore) -> Result<RunSummary, ResumeProblem> {
    let runs = store.store.runs().map_err(StoreProblem::from)?;
    let mut live = None;
    for run in &runs {
        match &run.state {
            RunState::Live { owner, .. } => live = live.or(Some((run, owner))),
            _ if describe::has_succeeded(run) => {}
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
