//! What a run knows of one step.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use crate::error::StepError;
use crate::event::{Metadata, MetadataValue};
use crate::graph::NodeId;
use crate::key::{KeyPath, StepKey};

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StepStatus {
    /// Its op gave what it should.
    Success,
    /// Its op failed.
    Failure,
    /// Something that it needs was skipped.
    Skipped,
    /// Something that it needs failed.
    UpstreamFailed,
    /// The run ended before it did.
    Canceled,
}

impl StepStatus {
    pub(crate) const COUNT: usize = 5;

    /// How a step ends that is never started because of what it needs.
    pub(crate) fn of_unstarted(upstream_failed: bool) -> Self {
        if upstream_failed { Self::UpstreamFailed } else { Self::Skipped }
    }

    /// Its place among the statuses.
    pub(crate) fn place(self) -> usize {
        self as usize
    }
}

impl fmt::Display for StepStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What a run knows of one step.
#[derive(Clone)]
pub struct StepReport {
    pub(crate) node: NodeId,
    pub(crate) name: Arc<str>,
    pub(crate) op: &'static str,
    pub(crate) path: KeyPath,
    pub(crate) status: StepStatus,
    pub(crate) attempts: u32,
    pub(crate) error: Option<Arc<StepError>>,
    pub(crate) time: Option<(SystemTime, Duration)>,
    pub(crate) metadata: Metadata,
    /// Made when somebody asks.
    pub(crate) key: OnceLock<String>,
}

impl StepReport {
    /// The step's key, such as `fetch[7]`.
    pub fn key(&self) -> &str {
        self.key.get_or_init(|| StepKey::new(Arc::clone(&self.name), self.path.clone()).to_string())
    }

    /// The name of the step's node: the op's, its alias, or the op's with a number.
    pub fn node(&self) -> &str {
        &self.name
    }

    /// The op's name.
    pub fn op(&self) -> &str {
        self.op
    }

    /// The mapping keys of the step, outermost first.
    pub fn path(&self) -> &KeyPath {
        &self.path
    }

    /// How the step ended.
    pub fn status(&self) -> StepStatus {
        self.status
    }

    /// How often its op was called. Zero for a step that never started.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether it is kept in a report that does not keep every step.
    pub(crate) fn is_remarkable(&self) -> bool {
        self.status != StepStatus::Success || !self.metadata.is_empty()
    }

    /// Why it failed.
    pub fn error(&self) -> Option<&StepError> {
        self.error.as_deref()
    }

    /// When its first attempt started. Known in a run with `keep_steps`, and if the job has hooks.
    pub fn started(&self) -> Option<SystemTime> {
        self.time.map(|(started, _)| started)
    }

    /// How long it took, with all its attempts and the time between them. Known in a run with `keep_steps`, and if the job
    /// has hooks.
    pub fn duration(&self) -> Option<Duration> {
        self.time.map(|(_, duration)| duration)
    }

    /// What its op added with [`OpContext::add_output_metadata`](crate::OpContext::add_output_metadata), if it succeeded.
    pub fn metadata(&self) -> &[(String, MetadataValue)] {
        &self.metadata
    }
}

impl fmt::Debug for StepReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepReport")
            .field("key", &self.key())
            .field("status", &self.status)
            .field("attempts", &self.attempts)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
