//! The job of a stored run, made again with its arguments.

use clap::Args;
use dynagraph_runtime::registry::{ArgumentError, RegisteredJob, Shown};
use dynagraph_runtime::store::RunSummary;
use dynagraph_runtime::{Job, RunId};

use super::Program;
use super::job::{self, JobError};
use super::store::OpenStore;

/// What is given anew for a stored run.
#[derive(Debug, Default, Args)]
pub(super) struct AnewArgs {
    /// A parameter of the job, instead of what the run was given.
    #[arg(long = "arg", value_name = "NAME=VALUE", value_parser = job::pair)]
    args: Vec<(String, String)>,
}

/// Why a stored run has no job here.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoredJobProblem {
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

impl AnewArgs {
    /// Composes the job of a run. `command` is what is done with the run, up to its arguments.
    pub(super) fn job_of(
        &self,
        run: &RunSummary,
        command: &str,
        program: &Program,
        store: &OpenStore,
    ) -> Result<Job<Shown>, StoredJobProblem> {
        let Some(registered) = job::named(program, &run.job)? else {
            let known = program.jobs.iter().map(|job| format!("`{}`", job.name()));
            let known = match known.collect::<Vec<_>>().join(", ") {
                none if none.is_empty() => "it has none".to_owned(),
                known => format!("it has {known}"),
            };
            return Err(StoredJobProblem::NoSuchJob { run: run.id, job: run.job.clone(), known });
        };
        let arguments = self.arguments(run);
        let given = arguments.iter().map(|(name, text)| (*name, *text)).collect();
        let made = registered.make(&given).map_err(|error| {
            if let Some(usage) = self.own_mistake(&error, command, store) {
                return StoredJobProblem::Job(JobError::Arguments { error, usage });
            }
            let given: Vec<_> = arguments.iter().map(|(name, _)| *name).collect();
            let advice = advice(&error, command, registered, &given, store);
            let (job, error) = (run.job.clone(), error.to_string());
            StoredJobProblem::Arguments { run: run.id, job, error, advice }
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
    fn own_mistake(
        &self,
        error: &ArgumentError,
        command: &str,
        store: &OpenStore,
    ) -> Option<String> {
        match error {
            ArgumentError::Unknown { name, .. } if self.gives(name) => Some(store.call(command)),
            ArgumentError::Refused { name, .. } | ArgumentError::Repeated { name, .. }
                if self.gives(name) =>
            {
                Some(store.call(format_args!("{command} --arg {name}=..")))
            }
            _ => None,
        }
    }
}

/// What to write when the arguments of a run do not make its job.
fn advice(
    error: &ArgumentError,
    command: &str,
    job: &RegisteredJob,
    given: &[&str],
    store: &OpenStore,
) -> String {
    let call = match error {
        ArgumentError::Missing { .. } => {
            store.call(format_args!("{command}{}", job::missing(job, given)))
        }
        ArgumentError::Refused { name, .. } | ArgumentError::Repeated { name, .. } => {
            store.call(format_args!("{command} --arg {name}=.."))
        }
        _ => {
            let call = store.call(format_args!("run {}", job::usage(job)));
            return format!("begin anew with `{call}`");
        }
    };
    format!("write `{call}`")
}
