//! Running a job.

mod handle;
mod report;

use std::fmt;
use std::future::IntoFuture;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;

pub use handle::RunHandle;
pub use report::{RunReport, RunStatus};

use crate::engine::{self, Options};
use crate::error::{MissingResource, RunError};
use crate::event::{EventKind, Listeners, Observer};
use crate::job::{Composed, Job};

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
    observers: Vec<Arc<dyn Observer>>,
}

impl<T> Job<T> {
    /// A run of this job. The job can be run any number of times.
    pub fn run(&self) -> Run<T> {
        Run { job: self.clone(), options: Options::default(), observers: Vec::new() }
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

    /// Keeps a record of every step.
    ///
    /// Without it the report has counts, and records of the steps that did not succeed or have metadata.
    pub fn keep_steps(mut self, keep: bool) -> Self {
        self.options.keep_steps = keep;
        self
    }

    /// Keeps every step's value, for tests and notebooks. Without it, values are dropped at their last use.
    pub fn keep_values(mut self, keep: bool) -> Self {
        self.options.keep_values = keep;
        self
    }

    /// Tells `observer` of everything that happens in the run. There can be several.
    ///
    /// [`RunHandle::events`] gives the same to those who would rather read.
    pub fn observe(mut self, observer: impl Observer) -> Self {
        self.observers.push(Arc::new(observer));
        self
    }

    /// Makes those who listen known to the run.
    fn listen(&mut self) -> LastEvent {
        let listeners = Arc::new(Listeners::new(std::mem::take(&mut self.observers)));
        self.options.listeners = Arc::clone(&listeners);
        LastEvent(listeners)
    }
}

/// Tells of the run's end: at the latest when it is dropped.
struct LastEvent(Arc<Listeners>);

impl LastEvent {
    fn tell<T>(self, report: &RunReport<T>) {
        self.0.end(|| match (report.status(), report.error()) {
            (RunStatus::Canceled, _) => EventKind::RunCanceled,
            (_, Some(error)) => EventKind::RunFailure { error: error.clone() },
            (_, None) => EventKind::RunSuccess,
        });
    }
}

impl Drop for LastEvent {
    fn drop(&mut self) {
        self.0.end(|| EventKind::RunCanceled);
    }
}

impl<T: 'static> Run<T> {
    /// Runs the job, and gives everything that is known of the run. It is never an error.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future aborts the run and every task of it.
    pub async fn report(mut self) -> RunReport<T> {
        let last_event = self.listen();
        self.report_to(last_event).await
    }

    async fn report_to(self, last_event: LastEvent) -> RunReport<T> {
        let report = self.run_to_end().await;
        last_event.tell(&report);
        report
    }

    async fn run_to_end(self) -> RunReport<T> {
        let Self { job, mut options, .. } = self;
        options.job = job.name();
        options.hooks = job.hooks;
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
