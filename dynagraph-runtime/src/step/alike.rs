//! Steps that differ in nothing but their key.

use std::sync::{Arc, OnceLock};

use super::{KeptError, StepRecord, StepStatus};
use crate::error::StepError;
use crate::graph::NodeId;
use crate::key::{KeyPath, MappingKey, SharedPath};

/// Steps of one node that did not succeed, and for the same reason. There is one at least.
#[derive(Debug)]
pub(crate) struct Alike {
    pub(crate) node: NodeId,
    pub(crate) status: StepStatus,
    pub(crate) attempts: u32,
    pub(crate) error: Option<Arc<StepError>>,
    /// The path above their keys.
    outer: SharedPath,
    /// In the order of emission.
    keys: Arc<[(u64, MappingKey)]>,
    /// The steps one by one, made when somebody asks.
    records: OnceLock<Vec<StepRecord>>,
}

impl Alike {
    /// Steps that failed with this error, in their first attempt. The keys are in the order of emission.
    pub(crate) fn failed(
        node: NodeId,
        error: Arc<StepError>,
        outer: SharedPath,
        keys: Arc<[(u64, MappingKey)]>,
    ) -> Self {
        let (status, error) = (StepStatus::Failure, Some(error));
        Self { node, status, attempts: 1, error, outer, keys, records: OnceLock::new() }
    }

    /// What becomes of the same keys at a node that never starts.
    pub(crate) fn below(&self, node: NodeId) -> Self {
        Self {
            node,
            status: StepStatus::UpstreamFailed,
            attempts: 0,
            error: None,
            outer: self.outer.clone(),
            keys: Arc::clone(&self.keys),
            records: OnceLock::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The steps, one by one.
    pub(crate) fn records(&self) -> &[StepRecord] {
        self.records.get_or_init(|| self.each().collect())
    }

    pub(super) fn into_records(self) -> Vec<StepRecord> {
        match self.records.into_inner() {
            Some(records) => records,
            None => Self { records: OnceLock::new(), ..self }.each().collect(),
        }
    }

    /// The path of the first step, and that of the last.
    pub(super) fn ends(&self) -> [KeyPath; 2] {
        [0, self.keys.len() - 1].map(|place| self.path(&self.keys[place]))
    }

    fn path(&self, (index, key): &(u64, MappingKey)) -> KeyPath {
        self.outer.child(key.clone(), *index)
    }

    fn each(&self) -> impl Iterator<Item = StepRecord> + '_ {
        self.keys.iter().map(|key| self.record(key))
    }

    fn record(&self, key: &(u64, MappingKey)) -> StepRecord {
        let Self { node, status, attempts, ref error, .. } = *self;
        let path = self.path(key);
        let error = error.clone().map(KeptError::Shared);
        StepRecord { node, path, status, attempts, error, extra: None }
    }
}
