//! Running a job.

mod config;
mod handle;
#[cfg(feature = "test")]
mod replacing;
mod report;
mod selecting;
mod storing;
#[cfg(feature = "test")]
mod testing;

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

pub use handle::{Canceler, RunHandle};
#[cfg(feature = "test")]
pub use replacing::{Attempted, Later, Replace, StandsFor, TakenBy};
pub use report::{RunReport, RunStatus};

use crate::engine::{self, Options, Unstarted};
use crate::error::{MissingResource, RunError};
use crate::event::{Event, EventKind, Listeners, Observer};
use crate::job::{Composed, Job};
use crate::op::RetryPolicy;
use crate::time::Rate;

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
        let options = Options::new(self.name());
        Run { job: self.clone(), options, observers: Vec::new() }
    }
}

impl<T> Run<T> {
    /// Gives the ops a resource; one of the same type given before is replaced.
    ///
    /// So a test replaces what the code under test gives: `nightly_run().resource(Clock::at(midnight))`.
    pub fn resource<R: Send + Sync + 'static>(mut self, resource: R) -> Self {
        self.options.resources.insert(Arc::new(resource));
        self
    }

    /// At most this many steps run at once. 1,024 unless said, or as many as a fan-out of the job asks for.
    ///
    /// Zero is a [`ConfigError`](crate::ConfigError).
    pub fn max_concurrent(mut self, limit: usize) -> Self {
        self.options.max_concurrent = Some(limit);
        self
    }

    /// Gives a pool a size: the steps that run at once have at most so many slots of it together.
    ///
    /// A pool is a name that ops share, by `#[op(pool = "gpu", weight = 2)]` or
    /// [`.weighted_pool("gpu", 2)`](crate::OutputHandle::weighted_pool); each step takes as many slots as its weight says.
    /// A name that ops use has a size, a [rate](Self::rate), or both; one without, or a weight over the size, is a
    /// [`ConfigError`](crate::ConfigError). A pool that no op uses is none.
    ///
    /// Slots are given in the order in which steps ask for them: a step that needs many waits for them to come together,
    /// and those that ask after it wait behind it.
    /// A step has slots only while it runs, not while it waits to be retried, or for room to emit.
    pub fn pool(mut self, name: impl Into<String>, size: usize) -> Self {
        self.options.pools.entry(name.into()).or_default().size = Some(size);
        self
    }

    /// Gives a pool a rate: `rate("api", 20, per_second)` lets 20 attempts a second start.
    ///
    /// Every attempt of a step takes one turn, a retry too, whatever its weight; turns are given in the order in which
    /// steps ask for them. Up to `steps` may start at once, and then they come evenly; see [`Rate`].
    /// See [`pool`](Self::pool) for what a pool is.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::Job;
    /// use dynagraph_runtime::time::{Rate, ms, per_minute};
    ///
    /// # let job = Job::compose("nothing", || ());
    /// let run = job.run().pool("gpu", 8).rate("api", 100, per_minute);
    /// let run = run.rate("search", 3, |steps| Rate::every(steps, ms(500)));
    /// # drop(run);
    /// ```
    pub fn rate(
        mut self,
        name: impl Into<String>,
        steps: u32,
        per: impl FnOnce(u32) -> Rate,
    ) -> Self {
        self.options.pools.entry(name.into()).or_default().rate = Some(per(steps));
        self
    }

    /// Retries steps of ops that have no policy of their own.
    ///
    /// The nearest policy wins, as a whole: that of the op's use in the job, then the op's, then this one.
    /// An op's `retry_if` is no part of a policy, and stays.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::time::ms;
    /// use dynagraph_runtime::{Jitter, Job, RetryPolicy};
    ///
    /// # let job = Job::compose("nothing", || ());
    /// let run = job.run().default_retry(RetryPolicy::new(2).delay(ms(100)).jitter(Jitter::Full));
    /// # drop(run);
    /// ```
    pub fn default_retry(mut self, policy: RetryPolicy) -> Self {
        self.options.default_retry = Some(policy);
        self
    }

    /// Ends the run with [`RunError::TimedOut`] when it takes longer; what runs is aborted.
    ///
    /// Zero is a [`ConfigError`](crate::ConfigError). No limit unless said.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// How long a canceled run waits for the ops that run, before it aborts them. 10 seconds unless said.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::Job;
    /// use dynagraph_runtime::time::secs;
    ///
    /// # let job = Job::compose("nothing", || ());
    /// let run = job.run().grace(secs(60));
    /// # drop(run);
    /// ```
    pub fn grace(mut self, grace: Duration) -> Self {
        self.options.grace = grace;
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
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::{Job, RunError};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), RunError> {
    /// # let job = Job::compose("nothing", || ());
    /// match job.run().cancel_on_ctrl_c().await {
    ///     Err(RunError::Canceled) => eprintln!("until the next time"),
    ///     result => result?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel_on_ctrl_c(mut self) -> Self {
        self.options.cancel_on_ctrl_c = true;
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

    /// Calls `observer` with everything that happens in the run. There can be several.
    ///
    /// As [`observe`](Self::observe), for a closure whose parameter's type is not written.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::{EventKind, Job};
    ///
    /// # let job = Job::compose("nothing", || ());
    /// let run = job.run().on_event(|event| {
    ///     if let EventKind::StepFailure { step, error, .. } = &event.kind {
    ///         eprintln!("{step}: {error}");
    ///     }
    /// });
    /// # drop(run);
    /// ```
    pub fn on_event(self, observer: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.observe(observer)
    }

    /// Tells `observer` of everything that happens in the run. There can be several.
    ///
    /// [`on_event`](Self::on_event) takes a closure, and [`RunHandle::events`] gives the same to those who would rather
    /// read.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// use dynagraph_runtime::{Event, Job, RunError};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), RunError> {
    /// # let job = Job::compose("nothing", || ());
    /// let seen = Arc::new(AtomicUsize::new(0));
    /// let counted = Arc::clone(&seen);
    /// let counting = move |_: &Event| {
    ///     counted.fetch_add(1, Ordering::Relaxed);
    /// };
    /// job.run().observe(counting).await?;
    /// assert_eq!(seen.load(Ordering::Relaxed), 2); // The run began, and it succeeded.
    /// # Ok(())
    /// # }
    /// ```
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
        if options.store.is_some() {
            options.graph = job.graph().to_mermaid();
            options.arguments.clone_from(&job.arguments);
        }
        options.hooks = job.hooks;
        let composed = match &job.composed {
            Ok(composed) => Arc::clone(composed),
            Err(error) => return RunReport::unstarted(error.clone().into()),
        };
        let mut mistakes = config::mistakes(&composed.plan, &options);
        match selecting::chosen(&composed.graph, &options) {
            Ok(chosen) => options.chosen = chosen,
            Err(more) => mistakes.extend(more),
        }
        if !mistakes.is_empty() {
            return RunReport::unstarted(RunError::Config(mistakes));
        }
        let missing = missing_resources(&composed, &options);
        if !missing.is_empty() {
            return RunReport::unstarted(RunError::MissingResources(missing));
        }
        let mut ran = match engine::run(Arc::clone(&composed.plan), options).await {
            Ok(ran) => ran,
            Err(Unstarted::NoRuntime) => return RunReport::unstarted(RunError::NoRuntime),
            Err(Unstarted::Store(error)) => return RunReport::unstarted(error.into()),
        };
        let stored = ran.stored.take();
        let mut report = RunReport::new(&composed.plan, ran, &*job.read);
        if let Some(stored) = stored
            && let Err(error) = stored.end(report.end()).await
        {
            report.not_stored(error);
        }
        report
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
    // What is called instead of an op asks for nothing.
    let missing = composed.plan.missing_resources(|op, id| {
        options.resources.contains(id) || options.replaced.contains_key(&op.op_type)
    });
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
