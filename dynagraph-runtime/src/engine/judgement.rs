//! Which failures a run survives. Pure: it looks at the plan, at the steps, and at what was accepted.

use std::collections::{HashMap, HashSet};

use super::cause::{Cause, CopyOf, Passed};
use crate::error::Fatal;
use crate::graph::{NodeId, ScopeId};
use crate::key::MappingKey;
use crate::plan::Plan;
use crate::step::{StepRecord, StepStatus};

type Keys = Vec<MappingKey>;

/// What a run's `collect_partial`s have accepted, in the words of the steps.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    /// The steps whose failures were accepted.
    failures: HashSet<(NodeId, Keys)>,
    /// The copies that were given up.
    copies: HashMap<ScopeId, HashSet<Keys>>,
    /// The steps that accepted copies need, and did not get a value of, by the copy that they are in.
    needed: HashMap<(ScopeId, Keys), HashSet<NodeId>>,
    /// Whether an output of the job is missing because something failed.
    lost_output: bool,
}

impl Judgement {
    pub(super) fn new(plan: &Plan, accepted: &[Cause], lost_output: bool) -> Self {
        let mut judgement = Self { lost_output, ..Self::default() };
        let mut upstream = Upstream { plan, of: HashMap::new() };
        let place = |copy: &CopyOf| (plan.scope(copy.scope).origin, copy.path.keys());
        Cause::each(accepted, |failed, passed| {
            if let Some(step) = failed {
                judgement.failures.insert((step.node, step.key.path().keys()));
            }
            match passed {
                Passed::Nothing => {}
                Passed::OutOf(copy) => {
                    let (scope, keys) = place(copy);
                    judgement.copies.entry(scope).or_default().insert(keys);
                }
                Passed::InFrom { copy, cell } => {
                    let needed = upstream.of(copy.scope, *cell);
                    judgement.needed.entry(place(copy)).or_default().extend(needed);
                }
            }
        });
        judgement
    }

    /// Which of the steps the run fails because of: none if it does not.
    ///
    /// If all failures were accepted and something else was not run because of them, all failures.
    pub(crate) fn fatal<'a>(
        &self,
        plan: &Plan,
        steps: impl Iterator<Item = &'a StepRecord> + Clone,
    ) -> Option<Fatal> {
        let of = |status| steps.clone().enumerate().filter(move |(_, step)| step.status == status);
        let tolerated = |step: &StepRecord| self.tolerates(plan, step);
        let mut failed = of(StepStatus::Failure);
        if self.failures.is_empty() {
            return failed.next().map(|_| Fatal::All);
        }
        let fatal: Vec<_> = failed.filter(|(_, step)| !tolerated(step)).map(|(at, _)| at).collect();
        if !fatal.is_empty() {
            return Some(Fatal::These(fatal));
        }
        let lost = || of(StepStatus::UpstreamFailed).any(|(_, step)| !tolerated(step));
        let all = self.lost_output || lost();
        (all && of(StepStatus::Failure).next().is_some()).then_some(Fatal::All)
    }

    fn tolerates(&self, plan: &Plan, step: &StepRecord) -> bool {
        let keys = step.path.keys();
        let home = plan.node(step.node).scope;
        let given_up = |(depth, scope): (usize, ScopeId)| {
            let copies = self.copies.get(&plan.scope(scope).origin);
            let around = keys.get(..keys.len() - depth);
            copies.zip(around).is_some_and(|(copies, around)| copies.contains(around))
        };
        if plan.copied_scopes(home).take(keys.len()).enumerate().any(given_up) {
            return true;
        }
        if step.status == StepStatus::Failure {
            return self.failures.contains(&(step.node, keys));
        }
        let needed = self.needed.get(&(plan.scope(home).origin, keys));
        needed.is_some_and(|needed| needed.contains(&step.node))
    }
}

/// The nodes that the value of a cell comes from.
struct Upstream<'a> {
    plan: &'a Plan,
    of: HashMap<(ScopeId, usize), Vec<NodeId>>,
}

impl Upstream<'_> {
    fn of(&mut self, scope: ScopeId, cell: usize) -> &[NodeId] {
        let plan = self.plan;
        self.of.entry((scope, cell)).or_insert_with(|| {
            let gives = |id: &NodeId| {
                let node = plan.node(*id);
                node.scope == scope && node.cells.contains(&Some(cell))
            };
            let mut open: Vec<_> = (0..plan.nodes.len()).map(NodeId).filter(gives).collect();
            let mut found: HashSet<_> = open.iter().copied().collect();
            while let Some(id) = open.pop() {
                open.extend(plan.before[id.0].iter().filter(|id| found.insert(**id)));
            }
            found.into_iter().collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::cause::FailedStep;
    use super::*;
    use crate::error::StepError;
    use crate::graph::testing::{self, collect_elements, emit};
    use crate::key::{KeyPath, StepKey};

    /// A job with copies in copies: the node that emits the outer ones, and the one in these that emits the inner ones.
    struct Nested {
        plan: Plan,
        outer: ScopeId,
        inner: ScopeId,
    }

    impl Nested {
        fn new() -> Self {
            let mut graph = testing::graph();
            let outer = emit(&mut graph, ScopeId::ROOT);
            let inner = emit(&mut graph, outer);
            collect_elements(&mut graph, inner);
            let plan = Plan::new(graph, &[]).expect("the graph is valid");
            Self { plan, outer, inner }
        }

        /// A step in a copy of a scope; its node is the one that each copy is given.
        fn step(&self, scope: ScopeId, path: &KeyPath, status: StepStatus) -> StepRecord {
            StepRecord {
                node: self.plan.element_of(scope),
                path: path.clone(),
                status,
                attempts: 1,
                error: None,
                extra: None,
            }
        }

        fn failed(&self, scope: ScopeId, path: &KeyPath) -> Cause {
            Cause::failed(FailedStep {
                node: self.plan.element_of(scope),
                key: StepKey::new("step".into(), path.clone()),
                attempts: 1,
                error: Arc::new(StepError::Panicked(String::new())),
            })
        }

        fn fatal(&self, accepted: &[Cause], steps: &[StepRecord]) -> Vec<String> {
            let judgement = Judgement::new(&self.plan, accepted, false);
            let fatal = judgement.fatal(&self.plan, steps.iter());
            let is_fatal = |at, step: &StepRecord| match &fatal {
                None => false,
                Some(Fatal::All) => step.status == StepStatus::Failure,
                Some(Fatal::These(places)) => places.contains(&at),
            };
            let fatal = steps.iter().enumerate().filter(|(at, step)| is_fatal(*at, step));
            fatal.map(|(_, step)| step.path.to_string()).collect()
        }
    }

    fn path(keys: &[u64]) -> KeyPath {
        keys.iter().fold(KeyPath::root(), |path, key| path.child((*key).into(), *key))
    }

    #[test]
    fn what_is_in_a_copy_that_was_given_up_or_nested_in_it_is_tolerated() {
        let job = Nested::new();
        let failed = job.failed(job.inner, &path(&[1, 2]));
        let given_up = failed.leaving(|| CopyOf { scope: job.outer, path: path(&[1]) });
        let inside = [
            job.step(job.inner, &path(&[1, 2]), StepStatus::Failure),
            job.step(job.inner, &path(&[1, 3]), StepStatus::UpstreamFailed),
            job.step(job.outer, &path(&[1]), StepStatus::UpstreamFailed),
        ];
        assert!(job.fatal(std::slice::from_ref(&given_up), &inside).is_empty());
        for (scope, keys) in [(job.outer, &[2][..]), (job.inner, &[2, 2])] {
            let outside = job.step(scope, &path(keys), StepStatus::UpstreamFailed);
            let inside = job.step(job.inner, &path(&[1, 2]), StepStatus::Failure);
            let steps = [inside, outside];
            assert_eq!(job.fatal(std::slice::from_ref(&given_up), &steps), ["1/2"]);
        }
    }

    #[test]
    fn a_copy_is_not_given_up_with_one_that_is_nested_in_it() {
        let job = Nested::new();
        let failed = job.failed(job.inner, &path(&[1, 2]));
        let given_up = failed.leaving(|| CopyOf { scope: job.inner, path: path(&[1, 2]) });
        let steps = [
            job.step(job.outer, &path(&[1]), StepStatus::Failure),
            job.step(job.inner, &path(&[1, 2]), StepStatus::Failure),
        ];
        assert_eq!(job.fatal(&[given_up], &steps), ["1"]);
    }

    #[test]
    fn without_anything_accepted_every_failure_is_fatal() {
        let job = Nested::new();
        let steps = [
            job.step(job.outer, &path(&[1]), StepStatus::UpstreamFailed),
            job.step(job.outer, &path(&[2]), StepStatus::Failure),
        ];
        assert_eq!(job.fatal(&[], &steps), ["2"]);
    }

    #[test]
    fn a_lost_output_makes_all_failures_fatal() {
        let job = Nested::new();
        let accepted = [job.failed(job.outer, &path(&[1]))];
        let steps = [job.step(job.outer, &path(&[1]), StepStatus::Failure)];
        assert!(job.fatal(&accepted, &steps).is_empty());
        let judgement = Judgement::new(&job.plan, &accepted, true);
        assert!(matches!(judgement.fatal(&job.plan, steps.iter()), Some(Fatal::All)));
        assert!(judgement.fatal(&job.plan, [].iter()).is_none());
    }
}
