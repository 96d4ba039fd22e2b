//! `run JOB`

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use dynagraph_runtime::registry::Shown;
use dynagraph_runtime::{Event, Observer as _, Run, RunError, RunReport, RunStatus};

use super::job::JobArgs;
use super::report::Report;
use super::{Program, usage};
use crate::console::Console;
use crate::exit::Exit;
use crate::progress::{self, Counts};

/// Runs a job.
#[derive(Debug, Args)]
pub(super) struct RunJob {
    #[command(flatten)]
    job: JobArgs,
    #[command(flatten)]
    options: RunOptions,
}

/// How a run is set up and told of.
#[derive(Debug, Args)]
pub(super) struct RunOptions {
    /// At most so many steps run at once.
    #[arg(long, value_name = "N")]
    max_concurrent: Option<NonZeroUsize>,
    /// The first failure ends the run.
    #[arg(long)]
    fail_fast: bool,
    /// Ends the run when it takes longer, such as `90s` or `1h 30m`.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    timeout: Option<Duration>,
    /// Prints a report as JSON instead of the output.
    #[arg(long)]
    json: bool,
}

impl RunJob {
    pub(super) async fn execute(
        self,
        program: Program,
        console: &mut Console<'_>,
    ) -> io::Result<Exit> {
        let job = match self.job.make(&program, "run") {
            Ok(job) => job,
            Err(error) => return usage(console, error),
        };
        let counts = Arc::new(Counts::of(&job.graph()));
        let run = self.options.apply(program.setup.apply(job.run()));
        let counting = Arc::clone(&counts);
        let run = run.observe(move |event: &Event| counting.on_event(event));
        let report = progress::watch(run, &counts, console).await?;
        match report {
            Some(report) => self.options.tell(job.name(), &report, &counts, console),
            None => Ok(Exit::Canceled),
        }
    }
}

impl RunOptions {
    fn apply(&self, mut run: Run<Shown>) -> Run<Shown> {
        if let Some(limit) = self.max_concurrent {
            run = run.max_concurrent(limit.get());
        }
        if let Some(timeout) = self.timeout {
            run = run.timeout(timeout);
        }
        if self.fail_fast {
            run = run.fail_fast(true);
        }
        run
    }

    /// Tells what came of a run.
    fn tell(
        &self,
        job: &str,
        report: &RunReport<Shown>,
        counts: &Counts,
        console: &mut Console<'_>,
    ) -> io::Result<Exit> {
        if let Some(error) = report.error().filter(|error| is_unstarted(error)) {
            return usage(console, Advised(error));
        }
        let tallies = counts.tallies();
        for line in progress::summary(&tallies) {
            console.say(line)?;
        }
        let (ended, exit) = match report.status() {
            RunStatus::Success => ("succeeded", Exit::Success),
            RunStatus::Canceled => ("was canceled", Exit::Canceled),
            _ => ("failed", Exit::Failure),
        };
        let took = report.duration().as_secs_f64();
        console.say(format_args!("{job} {ended} after {took:.2} s"))?;
        if self.json {
            console.print(Report::new(job, report, &tallies).json())?;
        } else {
            match report.output() {
                Some(Shown::Text(text)) => console.print(text)?,
                Some(Shown::Hidden(ty)) => console
                    .say(format_args!("the output, a `{ty}`, has neither `Display` nor `Debug`"))?,
                None if report.error().is_none() => console.say(RunError::Skipped)?,
                Some(_) | None => {}
            }
        }
        if let Some(error) = report.error().filter(|_| exit == Exit::Failure) {
            console.error(error)?;
        }
        Ok(exit)
    }
}

/// Whether the run did not come to its first step, because of how it was asked for.
fn is_unstarted(error: &RunError) -> bool {
    matches!(error, RunError::Build(_) | RunError::MissingResources(_) | RunError::Config(_))
}

/// An error of a run that did not begin, with what to write.
struct Advised<'a>(&'a RunError);

impl std::fmt::Display for Advised<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        match self.0 {
            RunError::MissingResources(_) => {
                f.write_str("\n\nin `main`, write `dynagraph::cli::Cli::new().resource(..).main()`")
            }
            RunError::Config(_) => f.write_str(
                "\n\na program sets up its runs with \
                 `dynagraph::cli::Cli::new().configure(|run| ..).main()`",
            ),
            _ => Ok(()),
        }
    }
}
