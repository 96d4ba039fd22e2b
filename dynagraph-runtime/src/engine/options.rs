//! What a run was asked to do.

use std::any::TypeId;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use super::limit::PoolOptions;
use super::stop::Stop;
use super::storing::{Resume, SharedStore};
use crate::event::{Hooks, Listeners};
use crate::op::{ErasedOp, RetryPolicy};
use crate::selection::Chosen;
use crate::store::Codec;
use crate::value::TypeMap;

/// How long a canceled run waits for what runs, unless it says.
const DEFAULT_GRACE: Duration = Duration::from_secs(10);

/// What is called instead of ops, each with the name of the op's type.
pub(crate) type Replaced = HashMap<TypeId, (&'static str, Arc<dyn ErasedOp>)>;

/// What a run was asked to do.
///
/// As it was asked, right or wrong; no run starts with a mistake in it.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Options {
    /// The job's name.
    pub(crate) job: &'static str,
    pub(crate) resources: TypeMap,
    pub(crate) max_concurrent: Option<usize>,
    pub(crate) pools: PoolOptions,
    /// For ops that have no policy of their own.
    pub(crate) default_retry: Option<RetryPolicy>,
    pub(crate) timeout: Option<Duration>,
    /// How long a canceled run waits for what runs.
    pub(crate) grace: Duration,
    pub(crate) cancel_on_ctrl_c: bool,
    pub(crate) fail_fast: bool,
    pub(crate) keep_steps: bool,
    pub(crate) keep_values: bool,
    pub(crate) listeners: Arc<Listeners>,
    pub(crate) hooks: Hooks,
    pub(crate) stop: Stop,
    /// Where randomness comes from: the run's id unless said.
    pub(crate) seed: Option<u64>,
    /// Where the order in which copies start comes from: that of emission unless said.
    pub(crate) shuffle: Option<u64>,
    pub(crate) replaced: Replaced,
    pub(crate) store: Option<SharedStore>,
    /// How values are written to it, where that can be.
    pub(crate) stored_as: Codec,
    /// The run that goes on, if it is no new one.
    pub(crate) resume: Option<Resume>,
    /// The steps that are asked for, as they were written; all of them, if there is none.
    pub(crate) selections: Vec<String>,
    /// The step that is run alone.
    pub(crate) spin: Option<String>,
    /// What these mean for the job.
    pub(crate) chosen: Option<Arc<Chosen>>,
    /// Text that changes when the job's graph does. Empty without a store.
    pub(crate) graph: String,
    /// The text that the job's parameters were made of, by name, if that is known.
    pub(crate) arguments: Option<Arc<[(String, String)]>>,
}

impl Options {
    pub(crate) fn new(job: &'static str) -> Self {
        Self {
            job,
            resources: TypeMap::default(),
            max_concurrent: None,
            pools: PoolOptions::new(),
            default_retry: None,
            timeout: None,
            grace: DEFAULT_GRACE,
            cancel_on_ctrl_c: false,
            fail_fast: false,
            keep_steps: false,
            keep_values: false,
            listeners: Arc::default(),
            hooks: Hooks::default(),
            stop: Stop::default(),
            seed: None,
            shuffle: None,
            replaced: Replaced::new(),
            store: None,
            stored_as: Codec::MessagePack,
            resume: None,
            selections: Vec::new(),
            spin: None,
            chosen: None,
            graph: String::new(),
            arguments: None,
        }
    }

    /// Whether one step is run alone, and nothing is stored of it.
    pub(super) fn spins(&self) -> bool {
        self.spin.is_some()
    }

    pub(super) fn at_once(&self) -> Option<NonZeroUsize> {
        self.max_concurrent.and_then(NonZeroUsize::new)
    }
}
