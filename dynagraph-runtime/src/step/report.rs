//! What a run knows of one step, as users see it.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use super::{Block, Extra, KeptError, Records, StepRecord, StepStatus};
use crate::error::StepError;
use crate::event::MetadataValue;
use crate::graph::NodeId;
use crate::key::{KeyPath, StepName};

/// For each node, what its steps are called: the node's name, and its op's. Only ops and zips have steps.
pub(crate) type StepNames = Arc<[Option<(Arc<str>, &'static str)>]>;

/// The steps that a run keeps, in graph order, then in the order of emission.
#[derive(Debug)]
pub(crate) struct Steps {
    names: StepNames,
    records: Records,
}

impl Default for Steps {
    fn default() -> Self {
        Self { names: Arc::new([]), records: Records::default() }
    }
}

impl Steps {
    pub(crate) fn new(names: StepNames, records: Records) -> Arc<Self> {
        Arc::new(Self { names, records })
    }

    pub(crate) fn records(&self) -> &Records {
        &self.records
    }

    /// The name of a step's node, and its op's.
    pub(crate) fn name(&self, node: NodeId) -> (&str, &'static str) {
        match self.names.get(node.0) {
            Some(Some((name, op))) => (name, op),
            _ => unreachable!("only ops and zips have steps"),
        }
    }

    /// The steps at some places, as users see them.
    pub(crate) fn reports(
        self: &Arc<Self>,
        places: impl Iterator<Item = usize>,
    ) -> Vec<StepReport> {
        let report = |at| StepReport { steps: Arc::clone(self), at, key: OnceLock::new() };
        places.map(report).collect()
    }

    /// The step's key, such as `fetch[7]`.
    pub(crate) fn key(&self, step: &StepRecord) -> String {
        StepName(self.name(step.node).0, &step.path).to_string()
    }
}

/// What a run knows of one step.
#[derive(Clone)]
pub struct StepReport {
    steps: Arc<Steps>,
    /// Its place among them.
    at: usize,
    /// Made when somebody asks.
    key: OnceLock<String>,
}

impl StepReport {
    /// A step apart from the others of its run.
    pub(crate) fn alone(names: StepNames, record: StepRecord) -> Self {
        let steps = Steps::new(names, Records::new(vec![Block::Each(vec![record])]));
        Self { steps, at: 0, key: OnceLock::new() }
    }

    fn record(&self) -> &StepRecord {
        self.steps.records.at(self.at)
    }

    fn extra(&self) -> Option<&Extra> {
        self.record().extra.as_deref()
    }

    /// The step's key, such as `fetch[7]`.
    pub fn key(&self) -> &str {
        self.key.get_or_init(|| self.steps.key(self.record()))
    }

    /// The name of the step's node: the op's, its alias, or the op's with a number.
    pub fn node(&self) -> &str {
        self.steps.name(self.record().node).0
    }

    /// The op's name.
    pub fn op(&self) -> &str {
        self.steps.name(self.record().node).1
    }

    /// The mapping keys of the step, outermost first.
    pub fn path(&self) -> &KeyPath {
        &self.record().path
    }

    /// How the step ended.
    pub fn status(&self) -> StepStatus {
        self.record().status
    }

    /// How often its op was called. Zero for a step that never started.
    pub fn attempts(&self) -> u32 {
        self.record().attempts
    }

    /// Why it failed.
    pub fn error(&self) -> Option<&StepError> {
        self.record().error.as_ref().map(KeptError::get)
    }

    /// When its first attempt started. Known in a run with `keep_steps` or a store, and if the job has hooks.
    pub fn started(&self) -> Option<SystemTime> {
        self.extra()?.time.map(|(started, _)| started)
    }

    /// How long it took, with all its attempts and the time between them. Known as [`started`](Self::started) is.
    pub fn duration(&self) -> Option<Duration> {
        self.extra()?.time.map(|(_, duration)| duration)
    }

    /// What its op added with [`OpContext::add_output_metadata`](crate::OpContext::add_output_metadata), if it succeeded.
    pub fn metadata(&self) -> &[(String, MetadataValue)] {
        self.extra().map_or(&[], |extra| &extra.metadata)
    }
}

impl fmt::Debug for StepReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepReport")
            .field("key", &self.key())
            .field("status", &self.status())
            .field("attempts", &self.attempts())
            .field("error", &self.error())
            .finish_non_exhaustive()
    }
}
