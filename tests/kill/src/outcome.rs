//! How a session of the victim ended, as an exit status says it.

use std::fmt;
use std::process::ExitCode;

use dynagraph::store::StoreError;

/// How a session of the victim ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done,
    /// Steps failed.
    Failed(String),
    /// The store said why it cannot do what it is asked.
    Refused(StoreError),
    Canceled,
    /// What should never be.
    Other(String),
}

/// The same, by a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Done,
    Failed,
    Refused,
    Canceled,
    /// A signal ended it.
    Killed,
    Other,
}

impl Status {
    pub(crate) fn of(status: std::process::ExitStatus) -> Self {
        match status.code() {
            None => Self::Killed,
            Some(0) => Self::Done,
            Some(1) => Self::Failed,
            Some(3) => Self::Refused,
            Some(130) => Self::Canceled,
            Some(_) => Self::Other,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Done => 0,
            Outcome::Failed(_) => 1,
            Outcome::Refused(_) => 3,
            Outcome::Canceled => 130,
            Outcome::Other(_) => 4,
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Failed(error) => write!(f, "failed: {error}"),
            Self::Refused(error) => write!(f, "refused: {error}"),
            Self::Canceled => f.write_str("canceled"),
            Self::Other(error) => write!(f, "a fault: {error}"),
        }
    }
}
