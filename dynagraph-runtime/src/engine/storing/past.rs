//! What a run that goes on has of its earlier sessions, and what became of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};

use super::prints::StepPrints;
use super::recall::returned;
use crate::engine::ledger::Account;
use crate::graph::NodeId;
use crate::key::{KeyPath, StepKey};
use crate::op::Returned;
use crate::plan::{OpPlan, Plan};
use crate::step::StepStatus;
use crate::store::{DropReason, Dropped, Resumed, StoredRun, StoredStep};

/// How many keys of a node's dropped steps are named.
const NAMED: usize = 5;

/// The stored run, and for each of its steps what became of it.
#[derive(Debug)]
pub(super) struct Past {
    run: StoredRun,
    fates: Box<[AtomicU8]>,
}

/// What became of a stored step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
enum Fate {
    /// Nobody asked for it.
    Unasked,
    Reused,
    /// It had not succeeded.
    Unfinished,
    OtherOp,
    OtherVersion,
    OtherPath,
    OtherInputs,
    NotEncodable,
    Lost,
    /// It was to be run anew.
    Selected,
}

impl Fate {
    const ALL: [Self; 10] = [
        Self::Unasked,
        Self::Reused,
        Self::Unfinished,
        Self::OtherOp,
        Self::OtherVersion,
        Self::OtherPath,
        Self::OtherInputs,
        Self::NotEncodable,
        Self::Lost,
        Self::Selected,
    ];

    fn from_code(code: u8) -> Self {
        Self::ALL.get(usize::from(code)).copied().unwrap_or(Self::Unasked)
    }

    /// Of a step that is as it was, or why it is not. The values are not looked at.
    fn of(step: &StoredStep, op: &OpPlan, prints: &StepPrints) -> Self {
        if !step.status.is_good() {
            Self::Unfinished
        } else if prints.fingerprint.is_some() && step.fingerprint == prints.fingerprint {
            Self::Reused
        } else if step.node.op != op.op_name {
            Self::OtherOp
        } else if step.node.version.as_deref() != op.spec.version {
            Self::OtherVersion
        } else if prints.fingerprint.is_none() || step.fingerprint.is_none() {
            Self::NotEncodable
        } else if step.inputs == prints.inputs && step.inputs.len() == op.spec.inputs.len() {
            Self::OtherPath
        } else {
            Self::OtherInputs
        }
    }
}

impl Past {
    pub(super) fn new(run: StoredRun) -> Self {
        let fates = run.steps().map(|_| AtomicU8::new(Fate::Unasked as u8)).collect();
        Self { run, fates }
    }

    /// What a step gave, if it is as it was.
    pub(super) fn recall(
        &self,
        op: &OpPlan,
        prints: &StepPrints,
        path: &KeyPath,
    ) -> Option<Returned> {
        let place = self.run.place(&op.name, path)?;
        let step = self.run.steps().nth(place)?;
        let mut fate = Fate::of(step, op, prints);
        let given = if fate == Fate::Reused { returned(step, &op.spec.outputs) } else { None };
        if fate == Fate::Reused && given.is_none() {
            let lost = step.not_encodable().next().is_none();
            fate = if lost { Fate::Lost } else { Fate::NotEncodable };
        }
        self.fates.get(place)?.store(fate as u8, Ordering::Relaxed);
        given
    }

    /// A step is run whatever is stored.
    pub(super) fn run_anew(&self, op: &OpPlan, path: &KeyPath) {
        let stored = self.run.place(&op.name, path).and_then(|place| self.fates.get(place));
        if let Some(fate) = stored {
            fate.store(Fate::Selected as u8, Ordering::Relaxed);
        }
    }

    /// What became of all steps, at the run's end. `whole` says whether it came to its end.
    pub(super) fn resumed(&self, plan: &Plan, account: &Account, whole: bool) -> Resumed {
        let ops: HashMap<&str, (NodeId, &OpPlan)> = (0..plan.nodes.len())
            .filter_map(|place| plan.op(NodeId(place)).map(|op| (&*op.name, (NodeId(place), op))))
            .collect();
        let mut resumed = Resumed::default();
        let mut dropped: Vec<Dropped> = Vec::new();
        let mut places: HashMap<(&str, Fate), usize> = HashMap::new();
        for (step, fate) in self.run.steps().zip(&self.fates) {
            let name = step.key.node();
            let fate = match Fate::from_code(fate.load(Ordering::Relaxed)) {
                Fate::Reused => {
                    resumed.reused += 1;
                    continue;
                }
                Fate::Unfinished => {
                    resumed.unfinished += 1;
                    continue;
                }
                Fate::Unasked | Fate::Selected if !step.status.is_good() => continue,
                fate => fate,
            };
            let place = *places.entry((name, fate)).or_insert_with(|| {
                let reason = reason(fate, step, ops.get(name).copied(), account, whole);
                dropped.push(Dropped::new(name, reason));
                dropped.len() - 1
            });
            dropped[place].add(&step.key, NAMED);
        }
        for key in self.run.missing_steps() {
            add_incomplete(&mut dropped, key);
        }
        resumed.dropped = dropped;
        resumed.damaged = self.run.damaged();
        resumed
    }
}

fn add_incomplete(dropped: &mut Vec<Dropped>, key: &StepKey) {
    let is_its = |dropped: &&mut Dropped| {
        dropped.reason == DropReason::Incomplete && dropped.node == key.node()
    };
    if let Some(known) = dropped.iter_mut().find(is_its) {
        known.add(key, NAMED);
        return;
    }
    let mut new = Dropped::new(key.node(), DropReason::Incomplete);
    new.add(key, NAMED);
    dropped.push(new);
}

/// Why a step of a node was not reused; all of the node with its fate have the reason of the first.
fn reason(
    fate: Fate,
    step: &StoredStep,
    now: Option<(NodeId, &OpPlan)>,
    account: &Account,
    whole: bool,
) -> DropReason {
    let Some((id, op)) = now else { return DropReason::NodeGone };
    match fate {
        Fate::OtherOp => DropReason::OpChanged {
            from: step.node.op.clone().into_owned(),
            to: op.op_name.to_owned(),
        },
        Fate::OtherVersion => DropReason::VersionChanged {
            from: step.node.version.as_deref().map(str::to_owned),
            to: op.spec.version.map(str::to_owned),
        },
        Fate::OtherPath => DropReason::OpMoved,
        Fate::OtherInputs => DropReason::InputsChanged,
        Fate::NotEncodable => DropReason::NotEncodable,
        Fate::Lost => DropReason::ValueLost,
        Fate::Selected => DropReason::Selected,
        Fate::Unasked | Fate::Reused | Fate::Unfinished => {
            if whole && nothing_was_missed(id, account) {
                DropReason::KeyGone
            } else {
                DropReason::NotReached
            }
        }
    }
}

/// Whether every copy of the node that there is was run.
fn nothing_was_missed(node: NodeId, account: &Account) -> bool {
    let count = |node: &[usize; StepStatus::COUNT], status: StepStatus| node[status.place()];
    let failed =
        |counts| count(counts, StepStatus::Failure) + count(counts, StepStatus::Canceled) > 0;
    let own = &account.counts[node.0];
    let missed = count(own, StepStatus::Skipped) + count(own, StepStatus::UpstreamFailed) > 0;
    !missed && !account.counts.iter().any(failed)
}
