//! Statuses as numbers that do not change, for those who store them.

use crate::run::RunStatus;
use crate::step::StepStatus;

impl StepStatus {
    /// The number that stands for it in stores.
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 1,
            Self::Failure => 2,
            Self::Skipped => 3,
            Self::UpstreamFailed => 4,
            Self::Canceled => 5,
            Self::Cached => 6,
        }
    }

    /// The status that a number stands for.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Success,
            2 => Self::Failure,
            3 => Self::Skipped,
            4 => Self::UpstreamFailed,
            5 => Self::Canceled,
            6 => Self::Cached,
            _ => return None,
        })
    }
}

impl RunStatus {
    /// The number that stands for it in stores.
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 1,
            Self::Failure => 2,
            Self::Canceled => 3,
        }
    }

    /// The status that a number stands for.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Success,
            2 => Self::Failure,
            3 => Self::Canceled,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_for_one_status() {
        for code in 0..=u8::MAX {
            assert!(StepStatus::from_code(code).is_none_or(|status| status.code() == code));
            assert!(RunStatus::from_code(code).is_none_or(|status| status.code() == code));
        }
    }
}
