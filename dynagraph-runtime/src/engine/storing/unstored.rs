//! Outputs that cannot be stored.

use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::engine::ledger::Account;
use crate::graph::NodeId;
use crate::plan::Plan;
use crate::step::StepStatus;
use crate::store::UnstoredOutput;
use crate::sync::lock;

/// The outputs of which a value could not be encoded although its type has a codec.
#[derive(Debug, Default)]
pub(super) struct Unstored(Mutex<BTreeSet<(NodeId, usize)>>);

impl Unstored {
    pub(super) fn add(&self, node: NodeId, output: usize) {
        lock(&self.0).insert((node, output));
    }

    /// These, and those whose types have no codec, if their ops were called.
    pub(super) fn outputs(&self, plan: &Plan, account: &Account) -> Vec<UnstoredOutput> {
        let failed = lock(&self.0);
        let mut outputs = Vec::new();
        for (place, counts) in account.counts.iter().enumerate() {
            let id = NodeId(place);
            let Some(op) = plan.op(id).filter(|_| counts[StepStatus::Success.place()] > 0) else {
                continue;
            };
            for (output, spec) in op.spec.outputs.iter().enumerate() {
                if spec.codec.is_none() || failed.contains(&(id, output)) {
                    outputs.push(UnstoredOutput {
                        node: op.name.to_string(),
                        output: spec.name.to_owned(),
                        type_name: spec.type_name.map(|name| name()),
                    });
                }
            }
        }
        outputs
    }
}
