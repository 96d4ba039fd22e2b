//! What became of a value.

use crate::value::Erased;

/// What became of a value: it is there, it was skipped, or it failed.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    Ready(Erased),
    Skipped,
    Failed,
}

/// An [`Outcome`] without its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Ready,
    Skipped,
    Failed,
}

impl Outcome {
    pub(super) fn fate(&self) -> Fate {
        match self {
            Self::Ready(_) => Fate::Ready,
            Self::Skipped => Fate::Skipped,
            Self::Failed => Fate::Failed,
        }
    }
}

impl Outcome {
    /// The value, if it is there.
    pub(super) fn ready(self) -> Option<Erased> {
        match self {
            Self::Ready(value) => Some(value),
            Self::Skipped | Self::Failed => None,
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
    pub(super) fn without_value(self) -> Outcome {
        match self {
            Self::Ready | Self::Skipped => Outcome::Skipped,
            Self::Failed => Outcome::Failed,
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
