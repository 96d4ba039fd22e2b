//! What happens in a run, for those who watch it.

mod guest;
mod hooks;
mod listeners;
mod metadata;
mod stream;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub(crate) use hooks::Hooks;
pub(crate) use listeners::Listeners;
pub use listeners::Observer;
pub use metadata::{Metadata, MetadataValue};
pub use stream::Events;

use crate::error::{RunError, StepError};
use crate::key::{MappingKey, StepKey};
use crate::op::RunId;

/// One thing that happened in a run.
///
/// # Examples
///
/// ```
/// use dynagraph_runtime::{Event, EventKind};
///
/// fn line(event: &Event) -> Option<String> {
///     match &event.kind {
///         EventKind::StepStart { step, attempt, .. } => Some(format!("{step}: attempt {attempt}")),
///         EventKind::StepProgress { step, done, total, .. } => {
///             Some(format!("{step}: {done} of {total}"))
///         }
///         EventKind::StepFailure { step, error, .. } => Some(format!("{step} failed: {error}")),
///         _ => None,
///     }
/// }
/// # let _ = line;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Event {
    /// When it happened.
    pub at: SystemTime,
    /// What happened.
    pub kind: EventKind,
}

impl Event {
    fn now(kind: EventKind) -> Self {
        Self { at: SystemTime::now(), kind }
    }
}

/// What happened.
///
/// A step begins, maybe more than once, and ends, in this order; a key is emitted before a step of its copy begins.
/// Events of different steps come in the order in which they happen to be told.
/// A step that succeeds at once has two, and one more if a key was emitted for it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum EventKind {
    /// The run began.
    #[non_exhaustive]
    RunStart {
        /// The run's id.
        run: RunId,
        /// The job's name.
        job: &'static str,
    },
    /// An attempt of a step began.
    #[non_exhaustive]
    StepStart {
        /// The step.
        step: StepKey,
        /// Which attempt, counted from 1.
        attempt: u32,
    },
    /// A step emitted a key.
    ///
    /// The keys of a list that a step returned are emitted after its end, when there is room for them. Several lanes take
    /// them, so that they may be told in another order than the list's.
    #[non_exhaustive]
    StepEmit {
        /// The step.
        step: StepKey,
        /// The name of its output.
        output: &'static str,
        /// The key.
        key: MappingKey,
    },
    /// A step said how far it is: [`OpContext::progress`](crate::OpContext::progress).
    #[non_exhaustive]
    StepProgress {
        /// The step.
        step: StepKey,
        /// How much is done.
        done: u64,
        /// Of how much.
        total: u64,
    },
    /// An attempt failed, and another one follows.
    #[non_exhaustive]
    StepUpForRetry {
        /// The step.
        step: StepKey,
        /// Which attempt failed, counted from 1.
        attempt: u32,
        /// Why.
        error: Arc<StepError>,
        /// How long the step waits.
        delay: Duration,
    },
    /// A step succeeded.
    #[non_exhaustive]
    StepSuccess {
        /// The step.
        step: StepKey,
        /// How many attempts it took.
        attempts: u32,
        /// What the op added with [`OpContext::add_output_metadata`](crate::OpContext::add_output_metadata).
        metadata: Metadata,
    },
    /// A step failed for good.
    #[non_exhaustive]
    StepFailure {
        /// The step.
        step: StepKey,
        /// How many attempts were made.
        attempts: u32,
        /// Why the last one failed.
        error: Arc<StepError>,
    },
    /// A step was not run, because something that it needs was skipped.
    #[non_exhaustive]
    StepSkipped {
        /// The step.
        step: StepKey,
    },
    /// A step was not run, because something that it needs failed.
    #[non_exhaustive]
    StepUpstreamFailed {
        /// The step.
        step: StepKey,
    },
    /// A step was canceled with its run.
    #[non_exhaustive]
    StepCanceled {
        /// The step.
        step: StepKey,
        /// How many attempts were begun.
        attempts: u32,
    },
    /// A step was not run, because the run's store has what it gave. It has no [`StepStart`](Self::StepStart).
    #[non_exhaustive]
    StepCached {
        /// The step.
        step: StepKey,
    },
    /// The run would end, but for ops that block their thread and cannot be aborted.
    #[non_exhaustive]
    RunWaiting {
        /// The steps that it waits for.
        steps: Vec<StepKey>,
    },
    /// Events were missed here, because they were not read in time. Only in [`Events`].
    #[non_exhaustive]
    Missed {
        /// How many.
        count: u64,
    },
    /// The run succeeded. Nothing follows.
    RunSuccess,
    /// The run failed. Nothing follows.
    #[non_exhaustive]
    RunFailure {
        /// Why.
        error: RunError,
    },
    /// The run was canceled, or it was dropped before its end. Nothing follows.
    RunCanceled,
}
