//! Tells the run's store what happens, and asks it what has happened before.
//!
//! ```text
//! a step's inputs ─▶ recall ──┬─ as before, or as in another run if the op is cached ─▶ what it gave then
//!                             └─ otherwise ─▶ its op is called ─▶ keep ─▶ its outputs are passed on
//! ```
//!
//! What is appended first is durable first: a key before what its copy gives, an output before what is made of it.

mod cache;
mod keep;
mod log;
#[cfg(not(feature = "serde"))]
mod no_values;
mod open;
mod past;
mod prints;
mod recall;
mod stored_list;
mod unstored;
mod unwritten;
#[cfg(feature = "serde")]
mod values;

pub(super) use keep::{Emission, Step};
use std::sync::Arc;

use cache::Cache;
use log::OpenLog;
#[cfg(not(feature = "serde"))]
use no_values as values;
pub(crate) use open::{Resume, SharedStore};
use past::Past;
use prints::Prints;
pub(super) use prints::StepPrints;
use unstored::Unstored;

use super::Engine;
use super::ledger::Account;
use crate::graph::NodeId;
use crate::op::RunId;
use crate::plan::Plan;
use crate::store::{Codec, Record, Resumed, RunEnded, RunLog, StoreError, UnstoredOutput};

/// A run's end of its store.
#[derive(Debug)]
pub(super) struct Storing {
    pub(super) run: RunId,
    log: OpenLog,
    /// What the store has of the run that goes on.
    past: Option<Past>,
    /// What it has of other runs, if an op is cached.
    cache: Option<Cache>,
    /// By node: its place among those that the store was told of.
    nodes: Vec<Option<u32>>,
    prints: Prints,
    /// How values are written, where that can be.
    stored_as: Codec,
    unstored: Unstored,
}

/// What the store makes of a step before it is run.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// Whether its op need not be called.
    pub(super) cached: bool,
    /// What it is given, if a store asks.
    pub(super) prints: Option<Box<StepPrints>>,
}

impl Storing {
    fn place(&self, node: NodeId) -> Option<u32> {
        self.nodes.get(node.0).copied().flatten()
    }

    /// Whether so much is not yet durable that nobody should begin anything.
    pub(super) fn is_full(&self) -> bool {
        self.log.is_full()
    }

    /// What became of the steps that the store has of a run that went on, which came to its end if it is `whole`.
    pub(super) fn resumed(&self, plan: &Plan, account: &Account, whole: bool) -> Option<Resumed> {
        self.past.as_ref().map(|past| past.resumed(plan, account, whole))
    }

    /// The outputs that could not be stored, of the nodes that ran.
    pub(super) fn unstored(&self, plan: &Plan, account: &Account) -> Vec<UnstoredOutput> {
        self.unstored.outputs(plan, account)
    }

    /// Appends no more, and gives the run up unless somebody takes the log.
    pub(super) fn close(&self) -> Option<OpenRun> {
        self.log.close().map(OpenRun)
    }
}

impl Engine {
    /// Whether the run's store is so far behind that no key should be taken.
    pub(super) fn is_behind(&self) -> bool {
        self.storing.as_ref().is_some_and(Storing::is_full)
    }

    /// Waits until the run's store, if it has one, is not too far behind, or the run is told to stop.
    pub(super) async fn room_in_store(&self) {
        let Some(storing) = self.storing.as_ref().filter(|storing| storing.is_full()) else {
            return;
        };
        tokio::select! {
            biased;
            () = self.stop.stopped() => {}
            () = storing.log.room() => {}
        }
    }

    /// Waits until somebody asks the run's store that the run is canceled.
    pub(super) async fn cancel_asked_in_store(&self) {
        match &self.storing {
            Some(storing) => storing.log.cancel_asked().await,
            None => std::future::pending().await,
        }
    }

    /// Waits until the run's store keeps nothing more.
    pub(super) async fn store_failed(&self) {
        match &self.storing {
            Some(storing) => storing.log.failure().await,
            None => std::future::pending().await,
        }
    }
}

/// A run that has come to its end, which its store does not know yet.
#[derive(Debug)]
pub(crate) struct OpenRun(Arc<dyn RunLog>);

impl OpenRun {
    /// Why the store keeps nothing more of the run, if it does not.
    pub(crate) fn failed(&self) -> Option<StoreError> {
        self.0.failed()
    }

    /// Waits until everything is durable, and then ends the run.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is done, the run counts as interrupted.
    pub(crate) async fn end(self, end: RunEnded) -> Result<(), StoreError> {
        self.0.flush().await?;
        self.0.append(Record::RunEnded(end));
        self.0.flush().await
    }
}
