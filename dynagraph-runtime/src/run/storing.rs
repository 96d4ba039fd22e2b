//! Runs that are kept, and that go on.

use std::sync::Arc;

use super::Run;
use crate::engine::Resume;
use crate::op::RunId;
#[cfg(feature = "json")]
use crate::store::Codec;
use crate::store::RunStore;

impl<T> Run<T> {
    /// Keeps the run in a store: what its steps gave, and every key that was emitted.
    ///
    /// So it can go on with [`resume_last`](Self::resume_last) or [`resume`](Self::resume) after it has failed, was
    /// canceled or lost its process. No step waits for the store, but a run is a success only once all of it is durable.
    /// What the store refuses is [`RunError::Store`](crate::RunError::Store): at the start, and later if its disk is full,
    /// say. Then what runs is aborted, nothing new starts, and what was stored is there when the run goes on.
    ///
    /// A step's outputs are stored if their types implement serde's traits, with the feature `serde`; without it, nothing
    /// is. They are written as MessagePack. A `Vec<u8>` is a list of numbers to serde, a byte or two for each and slow to
    /// write: a large one wants the crate `serde_bytes`, as `#[serde(with = "serde_bytes")]` on a field or as its `ByteBuf`.
    ///
    /// A step of an op with [`cached`](crate::OpSpec::cached), which `#[op(cache)]` writes, is looked for in all runs that the
    /// store had when this one began.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::store::{MemoryStore, RunState, RunStore};
    /// use dynagraph_runtime::{Job, RunStatus};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let job = Job::compose("nightly", || ());
    /// let store = MemoryStore::new();
    /// job.run().store(store.clone()).await?;
    /// let last = store.last_run("nightly")?.unwrap();
    /// assert!(matches!(last.state, RunState::Ended { status: RunStatus::Success, .. }));
    /// # Ok(())
    /// # }
    /// ```
    pub fn store(mut self, store: impl RunStore) -> Self {
        self.options.store = Some(Arc::new(store));
        self
    }

    /// Goes on with a run of the same job that its [`store`](Self::store) has, under its id.
    ///
    /// A step that succeeded is [`Cached`](crate::StepStatus::Cached): it gives what it gave, and its op is not called.
    /// It is the same step if its node, its mapping keys, its op, the op's `version` and the values of all its inputs are
    /// what they were; so the job may have changed, and what no longer matches is run. Steps that failed, were canceled or
    /// skipped are looked at anew, as is whatever has an input or an output that cannot be stored.
    ///
    /// What an op computes may not depend on anything else, such as a resource: its `version` says that it changed.
    /// [`RunReport::resumed`](crate::RunReport::resumed) says what was reused, and what was not and why.
    pub fn resume(mut self, run: RunId) -> Self {
        self.options.resume = Some(Resume::Run(run));
        self
    }

    /// Goes on with the run of this job that was begun last, as [`resume`](Self::resume) does.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::Job;
    /// use dynagraph_runtime::store::MemoryStore;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let job = Job::compose("nightly", || ());
    /// let store = MemoryStore::new();
    /// let first = job.run().store(store.clone()).report().await;
    /// let again = job.run().store(store.clone()).resume_last().report().await;
    /// assert_eq!(again.id(), first.id());
    ///
    /// let error = Job::compose("weekly", || ()).run().store(store).resume_last().await.unwrap_err();
    /// assert!(error.to_string().contains("no run of the job `weekly`"));
    /// # }
    /// ```
    pub fn resume_last(mut self) -> Self {
        self.options.resume = Some(Resume::Last);
        self
    }

    /// Stores values as JSON, for people who look into the store; those that JSON has no word for, such as a NaN or a map
    /// whose keys are tuples, as MessagePack all the same.
    ///
    /// It is larger and slower. A run that goes on reads both, and need not be asked for the same.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::Job;
    /// use dynagraph_runtime::store::MemoryStore;
    ///
    /// # let job = Job::compose("nightly", || ());
    /// let run = job.run().store(MemoryStore::new()).store_as_json();
    /// # drop(run);
    /// ```
    #[cfg(feature = "json")]
    pub fn store_as_json(mut self) -> Self {
        self.options.stored_as = Codec::Json;
        self
    }
}
