//! How a command ends, as the one who called it is told.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// It did what it should. Status 0.
    Success,
    /// The run failed. Status 1.
    Failure,
    /// The command cannot be meant so, and no step was run. Status 2.
    Usage,
    /// The run was canceled. Status 130.
    Canceled,
}

impl Exit {
    /// The exit status.
    pub fn status(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::Canceled => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.status())
    }
}
