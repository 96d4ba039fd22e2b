//! `spin RUN STEP`

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use dynagraph_runtime::registry::Shown;
use dynagraph_runtime::store::RunSummary;
use dynagraph_runtime::{Event, Job, Observer as _, RunError, RunReport, StepError};

use super::describe::{self, quoted};
use super::running::{Advised, unstarted};
use super::selecting::Written;
use super::spun::{Heard, Spun};
use super::store::{self, OpenStore, StoreArgs, StoreProblem};
use super::stored_job::{AnewArgs, StoredJobProblem};
use super::{Program, usage};
use crate::console::Console;
use crate::exit::Exit;
use crate::progress::{self, Counts, Watched};

/// Executes one step alone, on the inputs that a stored run has for it.
///
/// Prints what it gave as JSON, and stores nothing. The run may be live.
#[derive(Debug, Args)]
pub(super) struct Spin {
    /// The run's id, or its first digits.
    run: String,
    /// The step's key, such as `fetch[7]`.
    step: String,
    #[command(flatten)]
    anew: AnewArgs,
    #[command(flatten)]
    store: StoreArgs,
    /// Prints the value with the step's attempts as JSON.
    #[arg(long)]
    json: bool,
}

/// Why the step cannot be executed.
#[derive(Debug, thiserror::Error)]
enum SpinProblem {
    #[error(transparent)]
    Store(#[from] StoreProblem),
    #[error(transparent)]
    Job(#[from] StoredJobProblem),
}

/// What is executed.
struct Prepared {
    job: Job<Shown>,
    run: RunSummary,
    store: OpenStore,
}

impl Spin {
    pub(super) async fn execute(
        self,
        mut program: Program,
        console: &mut Console<'_>,
    ) -> io::Result<Exit> {
        let prepared = match self.prepare(&mut program) {
            Ok(prepared) => prepared,
            Err(error) => return usage(console, error),
        };
        let Prepared { job, run, store } = &prepared;
        let counts = Arc::new(Counts::of(&job.graph()));
        let heard = Arc::new(Mutex::new(Heard::default()));
        let (counting, hearing) = (Arc::clone(&counts), Arc::clone(&heard));
        let alone = program.setup.apply(job.run()).store(Arc::clone(&store.store));
        // One at a time, so that keys are told in the order of emission.
        let alone =
            alone.spin(run.id, &*self.step).max_concurrent(1).observe(move |event: &Event| {
                counting.on_event(event);
                hearing.lock().unwrap_or_else(PoisonError::into_inner).hear(&event.kind);
            });
        let Watched { id, report } = progress::watch(alone, &counts, false, console).await?;
        let Some(report) = report else { return Ok(Exit::Canceled) };
        if let Some(error) = unstarted(id, report.error()) {
            let error = &Written::spin(&self.step).in_words(error);
            return usage(console, Advised { error, store: Some(store) });
        }
        let spun = {
            let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.spun(&job.graph(), &report)
        };
        match spun {
            Some(_) if matches!(report.error(), Some(RunError::Canceled)) => Ok(Exit::Canceled),
            Some(spun) => self.tell(&spun, &report, console),
            None => prepared.refuse(&self.step, &report, console),
        }
    }

    fn prepare(&self, program: &mut Program) -> Result<Prepared, SpinProblem> {
        let store = self.store.open(program, "spin RUN STEP")?;
        let run = store.find(&self.run)?;
        let command = format!("spin {} {}", run.id, quoted(&self.step));
        let job = self.anew.job_of(&run, &command, program, &store)?;
        Ok(Prepared { job, run, store })
    }

    /// Tells what came of the step.
    fn tell(
        &self,
        spun: &Spun,
        report: &RunReport<Shown>,
        console: &mut Console<'_>,
    ) -> io::Result<Exit> {
        for retry in spun.retries() {
            console.say(retry)?;
        }
        let (ended, exit) = match &spun.error {
            None => ("succeeded", Exit::Success),
            Some(_) => ("failed", Exit::Failure),
        };
        let attempt = if spun.attempts > 1 {
            format!(" in attempt {}", spun.attempts)
        } else {
            String::new()
        };
        let took = report.duration().as_secs_f64();
        console.say(format_args!("{} {ended}{attempt} after {took:.2} s", spun.step))?;
        match (spun.output(), &spun.error) {
            _ if self.json => console.print(describe::json(spun))?,
            (Ok(output), _) => console.print(output)?,
            (Err(why), None) => console.say(why)?,
            (Err(_), Some(_)) => {}
        }
        if let Some(error) = &spun.error {
            console.error(error)?;
        }
        Ok(exit)
    }
}

impl Prepared {
    /// Says why the step was not executed.
    fn refuse(
        &self,
        step: &str,
        report: &RunReport<Shown>,
        console: &mut Console<'_>,
    ) -> io::Result<Exit> {
        let Self { run, store, .. } = self;
        let missing = report.failures().find_map(|step| match step.error() {
            Some(StepError::NotStored { node, .. }) => Some(node.clone()),
            _ => None,
        });
        match (report.error(), missing) {
            (_, Some(node)) => {
                let above = quoted(&format!("+{step}")).into_owned();
                let call = store.call(format_args!("resume {} --select {above}", run.id));
                usage(
                    console,
                    format_args!(
                        "the run {} does not have what `{step}` takes: nothing of `{node}` is stored with \
                         these inputs\n\n`{call}` executes what is above it, too",
                        run.id
                    ),
                )
            }
            (Some(RunError::NothingMatches(_)), None) => match store.store.read(run.id) {
                Ok(stored) => usage(console, store::no_step(&stored, step, store)),
                Err(error) => usage(console, error),
            },
            (Some(RunError::Canceled), None) => Ok(Exit::Canceled),
            (Some(error), None) => {
                console.error(error)?;
                Ok(Exit::Failure)
            }
            (None, None) => usage(
                console,
                format_args!(
                    "the run {} did not come to `{step}`: what it takes was skipped",
                    run.id
                ),
            ),
        }
    }
}
