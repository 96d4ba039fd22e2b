//! How a step ended.

use std::fmt;

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
    /// The run's store has what it gave, and its op was not called.
    Cached,
}

impl StepStatus {
    pub(crate) const COUNT: usize = 6;

    /// How a step ends that is never started because of what it needs.
    pub(crate) fn of_unstarted(upstream_failed: bool) -> Self {
        if upstream_failed { Self::UpstreamFailed } else { Self::Skipped }
    }

    /// Whether it gave its outputs.
    pub(crate) fn is_good(self) -> bool {
        matches!(self, Self::Success | Self::Cached)
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
