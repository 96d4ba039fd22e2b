//! A job and its arguments, as several commands take them.

use clap::Args;
use dynagraph_runtime::Job;
use dynagraph_runtime::registry::{
    Accepts, ArgumentError, Arguments, DuplicateJobs, Parameter, RegisteredJob, Shown,
    have_names_of_their_own,
};

use super::Program;

/// Which job, and what its parameters are.
#[derive(Debug, Args)]
pub(super) struct JobArgs {
    /// The job's name.
    #[arg(value_name = "JOB")]
    job: String,
    /// A parameter of the job.
    #[arg(long = "arg", value_name = "NAME=VALUE", value_parser = pair)]
    args: Vec<(String, String)>,
}

/// Why there is no such job.
#[derive(Debug, thiserror::Error)]
pub(super) enum JobError {
    /// Nor is there any other: among several, the parser has found it.
    #[error("there is no job `{0}`: this program has none")]
    Unknown(String),
    /// There are several.
    #[error(transparent)]
    Duplicate(#[from] DuplicateJobs),
    /// The job cannot be made of its arguments.
    #[error("{error}\n\nwrite `{usage}`")]
    Arguments { error: ArgumentError, usage: String },
    /// No arguments would do.
    #[error(transparent)]
    NotText(ArgumentError),
    /// The job is not valid.
    #[error(transparent)]
    Build(#[from] dynagraph_runtime::BuildError),
}

/// Takes a parameter and its text apart.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as `name=value`")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl JobArgs {
    /// The job's name.
    pub(super) fn name(&self) -> &str {
        &self.job
    }

    /// Composes the job.
    pub(super) fn make(&self, program: &Program, command: &str) -> Result<Job<Shown>, JobError> {
        self.make_after(&[], program, command)
    }

    /// Composes the job with the arguments of a stored run, but for those that are given, and those that it no longer takes.
    pub(super) fn make_after(
        &self,
        stored: &[(String, String)],
        program: &Program,
        command: &str,
    ) -> Result<Job<Shown>, JobError> {
        let job = named(program, &self.job)?.ok_or_else(|| JobError::Unknown(self.job.clone()))?;
        let counts = |(name, _): &&(String, String)| {
            let is_taken = job.parameters().iter().any(|parameter| parameter.name() == name);
            is_taken && self.args.iter().all(|(given, _)| given != name)
        };
        let stored = stored.iter().filter(counts);
        let arguments: Arguments = stored.chain(&self.args).cloned().collect();
        let made = job.make(&arguments).map_err(|error| match error {
            ArgumentError::NotText { .. } => JobError::NotText(error),
            error => {
                let usage = format!("{} {command} {}", program.name, usage(job));
                JobError::Arguments { error, usage }
            }
        })?;
        made.check()?;
        Ok(made)
    }
}

/// The job of this name, if there is one.
pub(super) fn named(
    program: &Program,
    name: &str,
) -> Result<Option<&'static RegisteredJob>, JobError> {
    let named = program.jobs.iter().filter(|job| job.name() == name).copied();
    let named: Vec<_> = named.collect();
    have_names_of_their_own(&named)?;
    Ok(named.first().copied())
}

/// How a job is called on a command line.
pub(super) fn usage(job: &RegisteredJob) -> String {
    let arguments = job.parameters().iter().map(|parameter| match parameter.accepts() {
        Accepts::OptionalText => format!(" [--arg {}=..]", parameter.name()),
        Accepts::Texts => format!(" [--arg {}=..]...", parameter.name()),
        _ => format!(" --arg {}=..", parameter.name()),
    });
    [job.name().to_owned()].into_iter().chain(arguments).collect()
}

/// What is to be written for the parameters that must be given and are not among these.
pub(super) fn missing(job: &RegisteredJob, given: &[&str]) -> String {
    let must = job.parameters().iter().filter(|parameter| parameter.accepts() == Accepts::Text);
    let missing = must.map(Parameter::name).filter(|name| !given.contains(name));
    missing.fold(String::new(), |text, name| text + " --arg " + name + "=..")
}
