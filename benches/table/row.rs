//! The rows of the table: which work, on how many keys, and what it has to come to.

use clap::ValueEnum;

use crate::work::{INNER, Tally};

/// One kind of work.
///
/// The last one stays last: a subscriber, once there, is there for the rest of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Row {
    Map,
    Sync,
    Chain,
    Nested,
    Strings,
    Yields,
    Sleeps,
    Cpu,
    Fold,
    Failures,
    AllFail,
    Retries,
    Observer,
    Tracing,
}

impl Row {
    /// How it is printed.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Map => "one map",
            Self::Sync => "one map, sync op",
            Self::Chain => "chain of three",
            Self::Nested => "nested, n/1,000 × 1,000",
            Self::Strings => "string keys, 16 bytes",
            Self::Yields => "op yields once",
            Self::Sleeps => "op sleeps 1 ms",
            Self::Cpu => "op computes 100 µs",
            Self::Fold => "fold, no collect",
            Self::Failures => "10 % fail",
            Self::AllFail => "all fail",
            Self::Retries => "each fails twice, is retried",
            Self::Observer => "one map, observer",
            Self::Tracing => "one map, tracing on",
        }
    }

    /// The numbers of keys.
    pub(crate) fn sizes(self) -> &'static [u64] {
        match self {
            Self::Map | Self::Fold => &[1_000, 10_000, 100_000, 1_000_000, 10_000_000],
            Self::Sleeps => &[10_000],
            Self::Cpu => &[1_000, 10_000],
            Self::AllFail => &[100_000],
            _ => &[1_000, 10_000, 100_000, 1_000_000],
        }
    }

    /// What every contestant has to find.
    pub(crate) fn expected(self, n: u64) -> Tally {
        let sum = n * n.saturating_sub(1) / 2;
        match self {
            Self::Chain => Tally { sum: sum + 3 * n, failed: 0 },
            Self::Nested => Tally { sum: n / INNER * (INNER * (INNER + 1) / 2), failed: 0 },
            Self::Cpu | Self::Retries => Tally { sum, failed: 0 },
            Self::Failures => {
                let tenths = n.div_ceil(10);
                Tally { sum: sum - 10 * (tenths * tenths.saturating_sub(1) / 2), failed: tenths }
            }
            Self::AllFail => Tally { sum: 0, failed: n },
            _ => Tally { sum: sum + n, failed: 0 },
        }
    }
}

/// Names the work of a row's keys in an expression.
macro_rules! with_work {
    ($row:expr, $work:ident => $run:expr) => {
        $crate::row::with_work!(@ $row, $work => $run,
            Map | Sync | Fold | Observer => Increment,
            Chain => Chain,
            Nested => Inner,
            Strings => Named,
            Yields => Yield,
            Sleeps => Sleep,
            Cpu => Burn,
            Failures => FailTenth,
            AllFail => Fail,
            Retries => FailTwice,
            Tracing => Traced)
    };
    (@ $row:expr, $work:ident => $run:expr, $($($name:ident)|+ => $ty:ident),+) => {
        match $row {
            $($($crate::row::Row::$name)|+ => {
                type $work = $crate::work::$ty;
                $run
            })+
        }
    };
}
pub(crate) use with_work;
