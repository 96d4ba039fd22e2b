//! A run that goes on by itself.

use std::fmt;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::{Run, RunReport};
use crate::engine::Stop;
use crate::error::RunError;

/// A started run. Dropping the handle aborts it.
#[must_use = "dropping the handle of a run aborts it"]
pub struct RunHandle<T> {
    stop: Stop,
    /// None if there is no runtime to run in.
    task: Option<AbortOnDrop<RunReport<T>>>,
}

impl<T: Send + 'static> RunHandle<T> {
    pub(super) fn start(run: Run<T>) -> Self {
        let runtime = Handle::try_current().ok();
        let stop = run.options.stop.clone();
        Self { stop, task: runtime.map(|runtime| AbortOnDrop(runtime.spawn(run.report()))) }
    }

    /// Waits for the run's end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future aborts the run.
    pub async fn wait(self) -> RunReport<T> {
        let Some(mut task) = self.task else { return RunReport::unstarted(RunError::NoRuntime) };
        match (&mut task.0).await {
            Ok(report) => report,
            Err(error) if error.is_cancelled() => RunReport::unstarted(RunError::Canceled),
            Err(error) => RunReport::unstarted(RunError::Internal(error.to_string())),
        }
    }

    /// Asks the run to end: nothing new starts, running ops are told, and what still runs after `grace` is aborted.
    ///
    /// A run that has nothing left to start ends as it would.
    /// Asking again changes nothing.
    pub fn cancel(&self) {
        self.stop.cancel();
    }

    /// Whether the run has ended.
    pub fn is_finished(&self) -> bool {
        self.task.as_ref().is_none_or(|task| task.0.is_finished())
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
