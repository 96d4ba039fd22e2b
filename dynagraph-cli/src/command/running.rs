//! Runs a job and tells what came of it: what `run` and `resume` have in common.

use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use dynagraph_runtime::registry::Shown;
use dynagraph_runtime::store::StoreError;
use dynagraph_runtime::{Event, Job, Observer as _, Run, RunError, RunId, RunReport, RunStatus};

use super::report::Report;
use super::reuse::Reuse;
use super::selecting::{self, Written};
use super::store::OpenStore;
use super::{Program, describe, usage};
use crate::console::Console;
use crate::exit::Exit;
use crate::progress::{self, Counts, Tally, Watched};

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
    /// Executes these steps only, such as `clean[us/*]`; with `+` before them what is above, too, with `+` after them
    /// what is below.
    #[arg(long, value_name = "STEPS")]
    select: Vec<String>,
    /// Prints a report as JSON instead of the output.
    #[arg(long)]
    json: bool,
}

/// Where a run is kept, and which run it is if it goes on.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) store: OpenStore,
    pub(super) resume: Option<RunId>,
}

impl Kept {
    fn apply(&self, run: Run<Shown>) -> Run<Shown> {
        let run = run.store(Arc::clone(&self.store.store));
        match self.resume {
            Some(id) => run.resume(id),
            None => run,
        }
    }
}

impl RunOptions {
    /// Whether only some steps are to be executed.
    pub(super) fn selects(&self) -> bool {
        !self.select.is_empty()
    }

    /// Runs a job to its end.
    pub(super) async fn run(
        &self,
        job: &Job<Shown>,
        kept: Option<Kept>,
        program: Program,
        console: &mut Console<'_>,
    ) -> io::Result<Exit> {
        let counts = Arc::new(Counts::of(&job.graph()));
        let mut run = self.apply(program.setup.apply(job.run()));
        if let Some(kept) = &kept {
            run = kept.apply(run);
        }
        let counting = Arc::clone(&counts);
        let run = run.observe(move |event: &Event| counting.on_event(event));
        let Watched { id, report } = progress::watch(run, &counts, kept.is_some(), console).await?;
        let store = kept.as_ref().map(|kept| &kept.store);
        let exit = match &report {
            Some(report) => match unstarted(id, report.error()) {
                Some(error) => {
                    let error = &Written::select(&self.select).in_words(error);
                    return usage(console, Advised { error, store });
                }
                None => self.tell(job.name(), report, &counts.tallies(), store, console)?,
            },
            None => Exit::Canceled,
        };
        if let (Some(kept), Some(id), Exit::Failure | Exit::Canceled) = (&kept, id, exit) {
            let call = kept.store.call(format_args!("resume {id}"));
            console.say(format_args!("resume it with `{call}`"))?;
        }
        Ok(exit)
    }

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
        self.select.iter().fold(run, Run::select)
    }

    /// Tells what came of a run.
    fn tell(
        &self,
        job: &str,
        report: &RunReport<Shown>,
        tallies: &[Tally],
        store: Option<&OpenStore>,
        console: &mut Console<'_>,
    ) -> io::Result<Exit> {
        for line in progress::summary(tallies).into_iter().chain(Reuse::of(report, tallies).lines())
        {
            console.say(line)?;
        }
        let executed = tallies.iter().map(|tally| tally.success).sum();
        let (ended, exit) = match report.status() {
            RunStatus::Success => ("succeeded", Exit::Success),
            RunStatus::Canceled => ("was canceled", Exit::Canceled),
            _ if self.selects() && selecting::is_in_vain(report, executed) => {
                ("executed nothing", Exit::Usage)
            }
            _ => ("failed", Exit::Failure),
        };
        let took = report.duration().as_secs_f64();
        console.say(format_args!("{job} {ended} after {took:.2} s"))?;
        if self.json {
            console.print(describe::json(&Report::new(job, report, tallies)))?;
        } else {
            self.show_output(report, console)?;
        }
        match report.error() {
            Some(error) if exit == Exit::Failure => console.error(error)?,
            Some(error) if exit == Exit::Usage => {
                let advice = selecting::advice(error, &self.select, report, store);
                console.error(format_args!("{error}{advice}"))?;
            }
            _ => {}
        }
        Ok(exit)
    }

    fn show_output(&self, report: &RunReport<Shown>, console: &mut Console<'_>) -> io::Result<()> {
        match report.output() {
            Some(Shown::Text(text)) => console.print(text),
            Some(Shown::Hidden(ty)) => {
                console.say(format_args!("the output, a `{ty}`, has neither `Display` nor `Debug`"))
            }
            None if report.error().is_some() => Ok(()),
            None if self.selects() => {
                console.say("no output: not all that gives it was selected or stored")
            }
            None => console.say(RunError::Skipped),
            Some(_) => Ok(()),
        }
    }
}

/// Why a run did not come to its first step, if it did not, because of how it was asked for.
pub(super) fn unstarted(id: Option<RunId>, error: Option<&RunError>) -> Option<&RunError> {
    error.filter(|error| match error {
        RunError::Build(_) | RunError::MissingResources(_) | RunError::Config(_) => true,
        RunError::Store(_) => id.is_none(),
        _ => false,
    })
}

/// An error of a run that did not begin, with what to write.
pub(super) struct Advised<'a> {
    pub(super) error: &'a RunError,
    pub(super) store: Option<&'a OpenStore>,
}

impl fmt::Display for Advised<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        match (self.error, self.store) {
            (RunError::MissingResources(_), _) => {
                f.write_str("\n\nin `main`, write `dynagraph::cli::Cli::new().resource(..).main()`")
            }
            (RunError::Config(mistakes), _) if selecting::is_of_selection(mistakes) => Ok(()),
            (RunError::Config(_), _) => f.write_str(
                "\n\na program sets up its runs with \
                 `dynagraph::cli::Cli::new().configure(|run| ..).main()`",
            ),
            (RunError::Store(StoreError::Owned { run, .. }), Some(store)) => {
                let call = store.call(format_args!("cancel {run}"));
                write!(f, "\n\n`{call}` asks it to end")
            }
            _ => Ok(()),
        }
    }
}
