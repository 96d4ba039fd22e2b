//! Steps of cached ops that other runs of the store have.

use std::collections::{HashMap, HashSet};

use super::SharedStore;
use crate::plan::OpPlan;
use crate::store::{Fingerprint, NodeInfo, StoreError, StoredStep};

/// What other runs had when this one began.
///
/// The fingerprints are read once, so that a step that is not there costs no look into the store.
pub(super) struct Cache {
    store: SharedStore,
    fingerprints: HashSet<Fingerprint>,
    /// By name: the place of each cached node among those that the store is told of.
    nodes: HashMap<String, u32>,
}

impl Cache {
    /// None if no node is cached. Blocks.
    pub(super) fn of(store: &SharedStore, nodes: &[NodeInfo]) -> Result<Option<Self>, StoreError> {
        let nodes: HashMap<_, _> = (0..)
            .zip(nodes)
            .filter(|(_, node)| node.cached)
            .map(|(place, node)| (node.name.clone().into_owned(), place))
            .collect();
        if nodes.is_empty() {
            return Ok(None);
        }
        let fingerprints = store.fingerprints()?;
        Ok(Some(Self { store: SharedStore::clone(store), fingerprints, nodes }))
    }

    /// The place of the step's node, and the step with its values, if another run has it.
    ///
    /// What the store cannot read, or has deleted by now, is run.
    pub(super) fn find(&self, op: &OpPlan, fingerprint: Fingerprint) -> Option<(u32, StoredStep)> {
        if !op.spec.cached || !self.fingerprints.contains(&fingerprint) {
            return None;
        }
        let node = *self.nodes.get(&*op.name)?;
        let mut step = self.store.find_step(fingerprint).ok()??;
        step.read_values().ok()?;
        Some((node, step))
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("steps", &self.fingerprints.len()).finish_non_exhaustive()
    }
}
