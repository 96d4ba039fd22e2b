//! Copies whose keys a retried producer no longer emits: what is known of their steps is forgotten.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use super::ledger::Account;
use crate::graph::{NodeId, ScopeId};
use crate::key::KeyPath;
use crate::plan::{Feed, Plan};
use crate::step::StepStatus;
use crate::sync::lock;

/// The copies that are discarded.
#[derive(Debug, Default)]
pub(super) struct Discarded {
    copies: Mutex<HashMap<Copy, Begun>>,
    /// What was emitted for them, where nothing is mapped over it.
    unused: Mutex<HashSet<(NodeId, Vec<u64>)>>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Copy {
    scope: ScopeId,
    /// The places of its key and of those around it.
    places: Vec<u64>,
}

/// Whether a copy was begun, and so has steps.
type Begun = bool;

impl Discarded {
    /// Discards a copy of a scope: the one of this place below a path.
    pub(super) fn add(&self, scope: ScopeId, around: &KeyPath, place: u64, begun: bool) {
        lock(&self.copies).insert(Copy { scope, places: below(around, place) }, begun);
    }

    /// Discards what a producer emitted at this place, which had no copy.
    pub(super) fn add_unused(&self, producer: NodeId, around: &KeyPath, place: u64) {
        lock(&self.unused).insert((producer, below(around, place)));
    }

    /// Forgets the steps and values of the copies.
    ///
    /// Of a copy's own ops, a step that is not recorded succeeded if the run came to its end, `whole`; those further inside
    /// are all recorded.
    pub(super) fn forget(&self, plan: &Plan, account: &mut Account, whole: bool) {
        let unused = std::mem::take(&mut *lock(&self.unused));
        if !unused.is_empty() {
            account.values.retain(|kept| !unused.contains(&(kept.node, kept.path.indexes())));
        }
        let copies = std::mem::take(&mut *lock(&self.copies));
        if copies.is_empty() {
            return;
        }
        let mut own_steps: HashSet<(&Copy, NodeId)> = HashSet::new();
        let is_discarded = |node: NodeId, path: &KeyPath| {
            let places = path.indexes();
            let around = |scope: &ScopeId| plan.scope(*scope).parent;
            let mut scopes = std::iter::successors(Some(plan.node(node).scope), around);
            scopes.find_map(|scope| {
                let places = places.get(..depth(plan, scope))?.to_vec();
                copies.get_key_value(&Copy { scope, places }).map(|(copy, _)| copy)
            })
        };
        let counts = &mut account.counts;
        account.steps.retain(|step| {
            let Some(copy) = is_discarded(step.node, &step.path) else { return true };
            if plan.node(step.node).scope == copy.scope {
                own_steps.insert((copy, step.node));
            }
            uncount(&mut counts[step.node.0][step.status.place()]);
            false
        });
        for (copy, _) in copies.iter().filter(|(_, begun)| whole && **begun) {
            for node in &plan.scope(copy.scope).nodes {
                if plan.op(*node).is_some() && !own_steps.contains(&(copy, *node)) {
                    uncount(&mut counts[node.0][StepStatus::Success.place()]);
                }
            }
        }
        account.values.retain(|kept| {
            is_discarded(kept.node, &kept.path).is_none()
                && !emitted(plan, kept.node, &kept.path, |copy| copies.contains_key(&copy))
        });
    }
}

fn uncount(count: &mut usize) {
    *count = count.saturating_sub(1);
}

/// The places of a copy: those around it, then its own.
fn below(around: &KeyPath, place: u64) -> Vec<u64> {
    let mut places = around.indexes();
    places.push(place);
    places
}

/// How many keys the path of a scope's copy has.
fn depth(plan: &Plan, scope: ScopeId) -> usize {
    std::iter::successors(plan.scope(scope).parent, |scope| plan.scope(*scope).parent).count()
}

/// Whether a value is what a copy was made for.
fn emitted(plan: &Plan, node: NodeId, path: &KeyPath, is: impl Fn(Copy) -> bool) -> bool {
    let children = plan.scope(plan.node(node).scope).children.iter();
    let mut of_node = children.filter(
        |child| matches!(plan.scope(**child).feed, Feed::Emitted { node: by, .. } if by == node),
    );
    of_node.any(|scope| is(Copy { scope: *scope, places: path.indexes() }))
}
