//! Lengths of time and rates, in few letters.
//!
//! # Examples
//!
//! ```
//! use std::time::Duration;
//!
//! use dynagraph_runtime::time::{Rate, mins, ms, per_second, secs};
//!
//! assert_eq!(ms(1_500), Duration::from_millis(1_500));
//! assert_eq!(mins(2), secs(120));
//! assert_eq!(per_second(20), Rate::every(20, secs(1)));
//! ```

use std::time::Duration;

/// How many attempts may start in a length of time, for [`Run::rate`](crate::Run::rate).
///
/// A rate of 20 a second lets up to 20 attempts start at once, and then one every 50 ms; what is not used comes back at
/// that pace, up to 20 again. So a second may see more than 20 after a pause, and the long run does not.
///
/// A rate of nothing, or per no time, is a mistake that the run reports before its first step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "a rate does nothing until it is given to a run"]
pub struct Rate {
    pub(crate) steps: u32,
    pub(crate) per: Duration,
}

impl Rate {
    /// So many attempts in each second.
    pub const fn per_second(steps: u32) -> Self {
        Self::every(steps, secs(1))
    }

    /// So many attempts in each minute.
    pub const fn per_minute(steps: u32) -> Self {
        Self::every(steps, mins(1))
    }

    /// So many attempts in each hour.
    pub const fn per_hour(steps: u32) -> Self {
        Self::every(steps, hours(1))
    }

    /// So many attempts in each `per`.
    pub const fn every(steps: u32, per: Duration) -> Self {
        Self { steps, per }
    }
}

/// So many attempts in each second.
pub const fn per_second(steps: u32) -> Rate {
    Rate::per_second(steps)
}

/// So many attempts in each minute.
pub const fn per_minute(steps: u32) -> Rate {
    Rate::per_minute(steps)
}

/// So many attempts in each hour.
pub const fn per_hour(steps: u32) -> Rate {
    Rate::per_hour(steps)
}

/// So many milliseconds.
pub const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// So many seconds.
pub const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// So many minutes.
pub const fn mins(n: u64) -> Duration {
    Duration::from_secs(n.saturating_mul(60))
}

/// So many hours.
pub const fn hours(n: u64) -> Duration {
    Duration::from_secs(n.saturating_mul(3_600))
}
