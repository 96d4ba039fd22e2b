//! What became of a value.

use super::cause::{Cause, CopyOf};
use super::frame::Frame;
use crate::value::Erased;

/// What became of a value: it is there, it was skipped, or it failed.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    Ready(Erased),
    Skipped,
    Failed(Cause),
}

/// An [`Outcome`] without its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Ready,
    Skipped,
    Failed,
}

impl Outcome {
    /// What is missing because the engine broke a rule of its own.
    pub(super) const FAULT: Self = Self::Failed(Cause::UNKNOWN);

    pub(super) fn fate(&self) -> Fate {
        match self {
            Self::Ready(_) => Fate::Ready,
            Self::Skipped => Fate::Skipped,
            Self::Failed(_) => Fate::Failed,
        }
    }

    /// The value, if it is there.
    pub(super) fn ready(self) -> Option<Erased> {
        match self {
            Self::Ready(value) => Some(value),
            Self::Skipped | Self::Failed(_) => None,
        }
    }

    /// Why it failed.
    pub(super) fn cause(&self) -> Cause {
        match self {
            Self::Failed(cause) => cause.clone(),
            Self::Ready(_) | Self::Skipped => Cause::UNKNOWN,
        }
    }

    /// The outcome inside of copies that read this cell of the instance around them.
    pub(super) fn entering(self, from: &Frame, cell: usize) -> Self {
        match self {
            Self::Failed(cause) => Self::Failed(cause.entering(from, cell)),
            outcome => outcome,
        }
    }

    /// The outcome outside of its copy.
    pub(super) fn leaving(self, copy: impl FnOnce() -> CopyOf) -> Self {
        match self {
            Self::Failed(cause) => Self::Failed(cause.leaving(copy)),
            outcome => outcome,
        }
    }
}

impl Fate {
    /// What becomes of something that needs both. Failure wins over skip.
    #[must_use]
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Failed, _) | (_, Self::Failed) => Self::Failed,
            (Self::Skipped, _) | (_, Self::Skipped) => Self::Skipped,
            (Self::Ready, Self::Ready) => Self::Ready,
        }
    }

    /// The outcome of something that needs a value of this fate. `Ready` has none.
    pub(super) fn without_value(self, cause: impl FnOnce() -> Cause) -> Outcome {
        match self {
            Self::Ready | Self::Skipped => Outcome::Skipped,
            Self::Failed => Outcome::Failed(cause()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fate::{Failed, Ready, Skipped};

    #[test]
    fn failure_wins_over_skip() {
        assert_eq!(Skipped.and(Failed), Failed);
        assert_eq!(Failed.and(Skipped), Failed);
        assert_eq!(Ready.and(Skipped), Skipped);
        assert_eq!(Ready.and(Ready), Ready);
    }
}
