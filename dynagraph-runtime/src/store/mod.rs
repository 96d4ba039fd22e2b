//! Where runs are kept, so that they can go on after their process has ended.
//!
//! A [`RunStore`] knows runs. A run that is under way appends [`Record`]s to its [`RunLog`]: a key that was emitted, a step
//! that ended. [`RunStore::read`] makes a [`StoredRun`] of them: what is finished, with its values.
//!
//! [`Run::store`](crate::Run::store) gives a run its store, and [`Run::resume`](crate::Run::resume) goes on with one.
//! [`MemoryStore`] keeps runs for as long as the process; the crate `dynagraph-sqlite` keeps them in a file.
//!
//! # Examples
//!
//! ```
//! use std::time::SystemTime;
//!
//! use dynagraph_runtime::store::{
//!     Codec, MemoryStore, NodeInfo, OutputRecord, Record, RunInfo, RunStore, StepEnded, StoredValue,
//! };
//! use dynagraph_runtime::{KeyPath, StepStatus};
//! # use dynagraph_runtime::store::StoreError;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), StoreError> {
//! let store = MemoryStore::new();
//! let mut run = RunInfo::new("nightly");
//! run.nodes.push(NodeInfo::new("load", "load"));
//! let log = store.begin(&run)?;
//! let path = KeyPath::from_exact("7").unwrap();
//! let value = StoredValue::new(Codec::Json, "u64", b"42".to_vec());
//! let mut step = StepEnded::new(0, path.clone(), StepStatus::Success);
//! step.outputs.push(OutputRecord::Value(value));
//! log.append(Record::StepEnded(step));
//! log.flush().await?;
//! drop(log);
//!
//! let stored = store.read(run.id)?;
//! let step = stored.step("load", &path).unwrap();
//! assert_eq!(step.key.to_string(), "load[7]");
//! assert_eq!(step.value(0).unwrap().bytes()?, b"42".as_slice());
//! # Ok(())
//! # }
//! ```

mod code;
mod error;
mod fingerprint;
mod history;
mod info;
mod log;
mod memory;
mod record;
mod resumed;
mod run_id;
mod stored;
mod value;
mod why;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

pub use error::StoreError;
pub use fingerprint::{Fingerprint, InputPrint};
pub use history::History;
pub use info::{NodeInfo, RunInfo, RunState, RunSummary};
pub use log::RunLog;
pub use memory::MemoryStore;
pub use record::{KeyEmitted, OutputRecord, Record, RunEnded, StepEnded, StepUpForRetry};
pub use resumed::{DropReason, Dropped, Resumed, UnstoredOutput};
pub use run_id::BadRunId;
pub use stored::{EarlierStep, StoredKey, StoredOutput, StoredRun, StoredStep};
pub use value::{Codec, StoredValue, ValueSource};
pub use why::{Why, why};

use crate::op::RunId;

/// Keeps runs: what the engine needs of a store, and no more.
///
/// Every method may block, for as long as a disk does.
pub trait RunStore: fmt::Debug + Send + Sync + 'static {
    /// Makes a new run and gives its log. The run is durable when this returns.
    fn begin(&self, run: &RunInfo) -> Result<Box<dyn RunLog>, StoreError>;

    /// Goes on with a run that has ended or was interrupted, and gives a new log for it.
    ///
    /// The job may have changed: what the run says of it replaces what is stored, and records refer to its own nodes.
    ///
    /// # Errors
    ///
    /// [`StoreError::Owned`] if a live process has a log of the run.
    fn resume(&self, run: &RunInfo) -> Result<Box<dyn RunLog>, StoreError>;

    /// Reads all that is durable of a run. What is damaged is left out, and counted.
    fn read(&self, run: RunId) -> Result<StoredRun, StoreError>;

    /// All runs, the latest first.
    fn runs(&self) -> Result<Vec<RunSummary>, StoreError>;

    /// The run of a job that was begun last.
    fn last_run(&self, job: &str) -> Result<Option<RunSummary>, StoreError> {
        Ok(self.runs()?.into_iter().find(|run| run.job == job))
    }

    /// The run of the same job that was begun before this one, if there is one.
    fn run_before(&self, run: RunId) -> Result<Option<RunSummary>, StoreError> {
        let runs = self.runs()?;
        let mut from_it = runs.into_iter().skip_while(|known| known.id != run);
        let this = from_it.next().ok_or_else(|| StoreError::no_such_run(run))?;
        Ok(from_it.find(|known| known.job == this.job))
    }

    /// Asks whoever owns a run, in any process, to cancel it. A run that nobody owns is left as it is.
    fn ask_cancel(&self, run: RunId) -> Result<(), StoreError>;

    /// The fingerprints of the steps that [`find_step`](Self::find_step) finds. A run that has cached ops asks for them when it
    /// begins, and then for these steps only.
    fn fingerprints(&self) -> Result<HashSet<Fingerprint>, StoreError>;

    /// Finds the latest step that succeeded, or was reused, with a fingerprint, in any run. Only steps of
    /// [cached](NodeInfo::cached) nodes are found.
    ///
    /// A run asks from its workers, so a step with small values is found in microseconds, as is that there is none. What is
    /// not yet durable need not be found.
    fn find_step(&self, fingerprint: Fingerprint) -> Result<Option<StoredStep>, StoreError>;

    /// Deletes the runs that were begun before a time, with the values that no other run has, and says which.
    /// A run that a live process owns is kept.
    fn delete_before(&self, time: SystemTime) -> Result<Vec<RunId>, StoreError>;
}

/// As the store itself.
impl<S: RunStore + ?Sized> RunStore for Arc<S> {
    fn begin(&self, run: &RunInfo) -> Result<Box<dyn RunLog>, StoreError> {
        (**self).begin(run)
    }

    fn resume(&self, run: &RunInfo) -> Result<Box<dyn RunLog>, StoreError> {
        (**self).resume(run)
    }

    fn read(&self, run: RunId) -> Result<StoredRun, StoreError> {
        (**self).read(run)
    }

    fn runs(&self) -> Result<Vec<RunSummary>, StoreError> {
        (**self).runs()
    }

    fn last_run(&self, job: &str) -> Result<Option<RunSummary>, StoreError> {
        (**self).last_run(job)
    }

    fn ask_cancel(&self, run: RunId) -> Result<(), StoreError> {
        (**self).ask_cancel(run)
    }

    fn run_before(&self, run: RunId) -> Result<Option<RunSummary>, StoreError> {
        (**self).run_before(run)
    }

    fn fingerprints(&self) -> Result<HashSet<Fingerprint>, StoreError> {
        (**self).fingerprints()
    }

    fn find_step(&self, fingerprint: Fingerprint) -> Result<Option<StoredStep>, StoreError> {
        (**self).find_step(fingerprint)
    }

    fn delete_before(&self, time: SystemTime) -> Result<Vec<RunId>, StoreError> {
        (**self).delete_before(time)
    }
}
