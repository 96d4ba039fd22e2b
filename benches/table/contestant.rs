//! Who takes part, and in which rows.

use clap::ValueEnum;
use futures::FutureExt as _;
use futures::future::LocalBoxFuture;

use crate::peers;
use crate::row::{Row, with_work};
use crate::work::{Burn, Chain, Fail, FailTenth, FailTwice, Increment, Inner, Named, Tally};
use crate::{ours, raw};

/// One way of doing the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contestant {
    Dynagraph,
    Plain,
    Spawn,
    JoinSet,
    Semaphore,
    BufferUnordered,
    Sequential,
    Rayon,
    Dagx,
    AsyncDag,
    Cano,
    Orka,
    Floxide,
}

/// The work of one contestant, not begun.
pub(crate) type Run = LocalBoxFuture<'static, Result<Tally, String>>;

impl Contestant {
    /// How it is printed.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Dynagraph => "**dynagraph**",
            Self::Plain => "dynagraph, plain map",
            Self::Spawn => "`tokio::spawn` + await",
            Self::JoinSet => "`JoinSet`",
            Self::Semaphore => "semaphore + spawn",
            Self::BufferUnordered => "`buffer_unordered`",
            Self::Sequential => "`for` loop",
            Self::Rayon => "rayon",
            Self::Dagx => "dagx",
            Self::AsyncDag => "async_dag",
            Self::Cano => "cano `BatchTask`",
            Self::Orka => "orka `FanOut`",
            Self::Floxide => "floxide",
        }
    }

    /// Begins the work of a row, if it takes part in it.
    pub(crate) fn run(self, row: Row, n: u64) -> Option<Run> {
        if self.largest(row) < n {
            return None;
        }
        match self {
            Self::Dynagraph => Some(ours::run(row, n).boxed_local()),
            Self::Plain => plain(row, n),
            Self::Rayon => rayon(row, n),
            Self::Spawn => Some(with_work!(row, W => raw::spawn::<W>(n).boxed_local())),
            _ if matches!(row, Row::Observer | Row::Tracing) => None,
            Self::JoinSet => Some(with_work!(row, W => raw::join_set::<W>(n).boxed_local())),
            Self::Semaphore => Some(with_work!(row, W => raw::semaphore::<W>(n).boxed_local())),
            Self::Sequential => Some(with_work!(row, W => raw::sequential::<W>(n).boxed_local())),
            Self::BufferUnordered => {
                Some(with_work!(row, W => raw::buffer_unordered::<W>(n).boxed_local()))
            }
            Self::Dagx | Self::AsyncDag | Self::Cano | Self::Orka | Self::Floxide => {
                peer(self, row, n)
            }
        }
    }

    /// The most keys it is asked for.
    fn largest(self, row: Row) -> u64 {
        match self {
            Self::Dynagraph => u64::MAX,
            Self::Dagx | Self::AsyncDag | Self::Cano | Self::Orka | Self::Floxide
                if !matches!(row, Row::Map | Row::Chain) =>
            {
                100_000
            }
            _ => 1_000_000,
        }
    }
}

/// The map that a row adds something to, without what it adds.
fn plain(row: Row, n: u64) -> Option<Run> {
    if !matches!(row, Row::Failures | Row::AllFail | Row::Retries | Row::Observer) {
        return None;
    }
    let run = async move {
        let tally = ours::run(Row::Map, n).await?;
        if tally == Row::Map.expected(n) { Ok(row.expected(n)) } else { Ok(tally) }
    };
    Some(run.boxed_local())
}

fn rayon(row: Row, n: u64) -> Option<Run> {
    let compute = match row {
        Row::Yields | Row::Sleeps | Row::Observer | Row::Tracing => return None,
        Row::Map | Row::Sync | Row::Fold => raw::rayon::<Increment>,
        Row::Chain => raw::rayon::<Chain>,
        Row::Nested => raw::rayon::<Inner>,
        Row::Strings => raw::rayon::<Named>,
        Row::Cpu => raw::rayon::<Burn>,
        Row::Failures => raw::rayon::<FailTenth>,
        Row::AllFail => raw::rayon::<Fail>,
        Row::Retries => raw::rayon::<FailTwice>,
    };
    Some(async move { Ok(compute(n)) }.boxed_local())
}

/// The rows that another crate can say: no other keys than numbers, no nesting, no fold.
fn peer(contestant: Contestant, row: Row, n: u64) -> Option<Run> {
    match (contestant, row) {
        (Contestant::Cano, Row::Retries) => Some(peers::cano::retries(n).boxed_local()),
        (_, Row::Sync | Row::Nested | Row::Strings | Row::Fold | Row::AllFail | Row::Retries) => {
            None
        }
        (Contestant::Dagx, Row::Chain) => Some(peers::dagx::chain(n).boxed_local()),
        (Contestant::AsyncDag, Row::Chain) => Some(peers::async_dag::chain(n).boxed_local()),
        (Contestant::Orka, Row::Chain) => Some(peers::orka::chain(n).boxed_local()),
        (Contestant::Floxide, Row::Map) => Some(peers::floxide::map(n).boxed_local()),
        (Contestant::Floxide, Row::Chain) => Some(peers::floxide::chain(n).boxed_local()),
        (Contestant::Dagx, _) => Some(with_work!(row, W => peers::dagx::map::<W>(n).boxed_local())),
        (Contestant::AsyncDag, _) => {
            Some(with_work!(row, W => peers::async_dag::map::<W>(n).boxed_local()))
        }
        (Contestant::Cano, _) => Some(with_work!(row, W => peers::cano::map::<W>(n).boxed_local())),
        (Contestant::Orka, _) => Some(with_work!(row, W => peers::orka::map::<W>(n).boxed_local())),
        _ => None,
    }
}
