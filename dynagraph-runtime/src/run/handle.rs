//! A run that goes on by itself.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::{Run, RunReport};
use crate::engine::Stop;
use crate::error::RunError;
use crate::event::{Events, Listeners};
use crate::sync::lock;

/// A started run. Dropping the handle aborts it.
///
/// Awaiting it gives what awaiting the [`Run`] would: the job's output, or why there is none.
///
/// # Examples
///
/// ```
/// use dynagraph_runtime::{EventKind, Job, RunError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), RunError> {
/// # let job = Job::compose("nothing", || ());
/// let run = job.run().start();
/// let mut events = run.events();
/// while let Some(event) = events.next().await {
///     if let EventKind::StepFailure { step, error, .. } = event.kind {
///         eprintln!("{step}: {error}");
///         run.cancel();
///     }
/// }
/// run.await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping the handle of a run aborts it"]
pub struct RunHandle<T> {
    stop: Stop,
    /// None if there is no runtime to run in.
    task: Option<AbortOnDrop<RunReport<T>>>,
    listeners: Arc<Listeners>,
    /// The events from the beginning, until somebody asks.
    events: Mutex<Option<Events>>,
}

impl<T: Send + 'static> RunHandle<T> {
    pub(super) fn start(mut run: Run<T>) -> Self {
        let stop = run.options.stop.clone();
        let last_event = run.listen();
        let listeners = Arc::clone(&last_event.0);
        // Before the run is there, so that nothing is missed.
        let events = Mutex::new(Some(listeners.subscribe()));
        let task = match Handle::try_current() {
            Ok(runtime) => Some(AbortOnDrop(runtime.spawn(run.report_to(last_event)))),
            Err(_) => {
                last_event.tell(&RunReport::<T>::unstarted(RunError::NoRuntime));
                None
            }
        };
        Self { stop, task, listeners, events }
    }

    /// A stream of what happens in the run, for any number of readers.
    ///
    /// The first one has the events from the run's beginning, the others those from now on.
    pub fn events(&self) -> Events {
        let first = lock(&self.events).take();
        first.unwrap_or_else(|| self.listeners.subscribe())
    }

    /// Waits for the run's end, and gives everything that is known of it.
    ///
    /// Awaiting the handle itself gives the output alone, or the error.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future aborts the run.
    pub async fn wait(self) -> RunReport<T> {
        let Self { task, events, .. } = self;
        // Nobody can ask for them any more.
        drop(events);
        let Some(mut task) = task else { return RunReport::unstarted(RunError::NoRuntime) };
        match (&mut task.0).await {
            Ok(report) => report,
            Err(error) if error.is_cancelled() => RunReport::unstarted(RunError::Canceled),
            Err(error) => RunReport::unstarted(RunError::Internal(error.to_string())),
        }
    }

    /// Asks the run to end: nothing new starts, running ops are told, and what still runs after
    /// [`grace`](Run::grace) is aborted.
    ///
    /// A run that has nothing left to start ends as it would.
    /// Asking again changes nothing.
    pub fn cancel(&self) {
        self.stop.cancel();
    }

    /// Something that cancels the run from elsewhere, also while somebody waits for it.
    ///
    /// It does not keep the run alive, and it may outlive it.
    pub fn canceler(&self) -> Canceler {
        Canceler(self.stop.clone())
    }

    /// Whether the run has ended.
    pub fn is_finished(&self) -> bool {
        self.task.as_ref().is_none_or(|task| task.0.is_finished())
    }
}

impl<T: Send + 'static> IntoFuture for RunHandle<T> {
    type Output = Result<T, RunError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.wait().await.into_result() })
    }
}

/// Cancels a run, as [`RunHandle::cancel`] does. Made by [`RunHandle::canceler`].
///
/// # Examples
///
/// ```
/// use dynagraph_runtime::{Job, RunStatus};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let run = Job::compose("nothing", || ()).run().start();
/// let canceler = run.canceler();
/// let waiting = tokio::spawn(run.wait());
/// canceler.cancel();
/// assert_ne!(waiting.await.unwrap().status(), RunStatus::Failure);
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Canceler(Stop);

impl Canceler {
    /// Asks the run to end. Asking again, or after its end, changes nothing.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<T> fmt::Debug for RunHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RunHandle")
    }
}
