//! Running a job.

mod handle;
mod report;

use std::fmt;
use std::future::IntoFuture;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

pub use handle::RunHandle;
pub use report::{RunReport, RunStatus};

use crate::engine::{self, Options};
use crate::error::{MissingResource, RunError};
use crate::job::{Composed, Job};

/// How long a canceled run waits for what runs, unless it says.
const GRACE: Duration = Duration::from_secs(10);

/// A run of a job that is not started yet: set it up, then `.await` it.
///
/// Awaiting gives the job's output or the reason why there is none; [`report`](Self::report) gives everything.
///
/// # Cancel safety
///
/// Dropping the future aborts the run and every task of it. A blocking op that runs at that moment goes on to its end,
/// and nothing comes of it.
#[must_use = "a run does nothing until it is awaited or started"]
pub struct Run<T> {
    job: Job<T>,
    options: Options,
}

impl<T> Job<T> {
    /// A run of this job. The job can be run any number of times.
    pub fn run(&self) -> Run<T> {
        let options = Options { job: self.name(), grace: GRACE, ..Options::default() };
        Run { job: self.clone(), options }
    }
}

impl<T> Run<T> {
    /// Gives the ops a resource; one of the same type given before is replaced.
    pub fn resource<R: Send + Sync + 'static>(mut self, resource: R) -> Self {
        self.options.resources.insert(Arc::new(resource));
        self
    }

    /// At most this many steps run at once. 1,024 unless said, or as many as a fan-out of the job asks for.
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    #[track_caller]
    pub fn max_concurrent(mut self, limit: usize) -> Self {
        let limit = NonZeroUsize::new(limit);
        assert!(limit.is_some(), "`max_concurrent` of a run is at least 1");
        self.options.max_concurrent = limit;
        self
    }

    /// Ends the run at the first failure: what runs is aborted, and nothing new starts.
    ///
    /// Without it, everything that can run does.
    pub fn fail_fast(mut self, fail_fast: bool) -> Self {
        self.options.fail_fast = fail_fast;
        self
    }

    /// Cancels the run when Ctrl-C is pressed, and aborts it when it is pressed again.
    ///
    /// The process then no longer ends by itself on Ctrl-C, also after the run: tokio listens from now on.
    /// It needs a runtime with I/O enabled, as `#[tokio::main]` makes it; in another one it does nothing.
    pub fn cancel_on_ctrl_c(mut self) -> Self {
        self.options.cancel_on_ctrl_c = true;
        self
    }

    /// Keeps a record of every step.
    ///
    /// Without it the report has counts, and records of the steps that did not succeed.
    pub fn keep_steps(mut self, keep: bool) -> Self {
        self.options.keep_steps = keep;
        self
    }

    /// Keeps every step's value, for tests and notebooks. Without it, values are dropped at their last use.
    pub fn keep_values(mut self, keep: bool) -> Self {
        self.options.keep_values = keep;
        self
    }
}

impl<T: 'static> Run<T> {
    /// Runs the job, and gives everything that is known of the run. It is never an error.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future aborts the run and every task of it.
    pub async fn report(self) -> RunReport<T> {
        let Self { job, options } = self;
        let composed = match &job.composed {
            Ok(composed) => Arc::clone(composed),
            Err(error) => return RunReport::unstarted(error.clone().into()),
        };
        let missing = missing_resources(&composed, &options);
        if !missing.is_empty() {
            return RunReport::unstarted(RunError::MissingResources(missing));
        }
        match engine::run(Arc::clone(&composed.plan), options).await {
            Some(ran) => RunReport::new(&composed.plan, ran, job.read),
            None => RunReport::unstarted(RunError::NoRuntime),
        }
    }
}

impl<T: Send + 'static> Run<T> {
    /// Starts the run in a task of its own.
    ///
    /// Outside a tokio runtime nothing starts, and the report says so.
    pub fn start(self) -> RunHandle<T> {
        RunHandle::start(self)
    }
}

fn missing_resources(composed: &Composed, options: &Options) -> Vec<MissingResource> {
    let missing = composed.plan.missing_resources(|id| options.resources.contains(id));
    missing.into_iter().map(|(resource, ops)| MissingResource { resource, ops }).collect()
}

impl<T: Send + 'static> IntoFuture for Run<T> {
    type Output = Result<T, RunError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.report().await.into_result() })
    }
}

impl<T> fmt::Debug for Run<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("job", &self.job.name()).finish_non_exhaustive()
    }
}
