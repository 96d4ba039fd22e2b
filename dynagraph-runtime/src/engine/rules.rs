//! How the steps of each node are run: what the op says, its use in the job, and the run, the nearest first.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use super::overdue::Deadlines;
use super::verdict::{Verdict, verdict};
use super::{Engine, Options};
use crate::error::StepError;
use crate::graph::{NodeId, ScopeId};
use crate::key::KeyPath;
use crate::op::{ErasedOp, OutputKind, RetryPolicy};
use crate::plan::{Arg, Feed, NodePlan, OpPlan, Plan, ScopePlan, Shape, Work};

/// How the steps of one node are run in this run.
#[derive(Debug)]
pub(super) struct NodeRules {
    pub(super) behavior: Arc<dyn ErasedOp>,
    /// Whether the op does its work where it is started, on a thread that may block.
    pub(super) blocking: bool,
    pub(super) retry: Option<RetryPolicy>,
    pub(super) deadlines: Deadlines,
    /// Whether each step is recorded, also one that succeeds: somebody asked, or it may have to be forgotten.
    pub(super) recorded: bool,
    /// How a step is run that is called once, at once, and nobody is told of, if it is so in a chain.
    pub(super) quick: Option<Quick>,
}

/// What a quick step takes and gives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quick {
    /// The cell of its only input, which nothing else uses after it.
    pub(super) input: Option<usize>,
    /// The cell of its only value.
    pub(super) output: usize,
    /// Whether all that it waits for is in its own instance.
    pub(super) is_local: bool,
}

impl Quick {
    /// If a step gives one value.
    fn new(node: &NodePlan) -> Option<Self> {
        let input = match node.args.as_slice() {
            [Arg::Cell { place, last: true }] => Some(place.cell),
            _ => None,
        };
        match node.cells.as_slice() {
            [Some(output)] => Some(Self { input, output: *output, is_local: node.is_local }),
            _ => None,
        }
    }
}

impl NodeRules {
    fn new(op: &OpPlan, options: &Options) -> Self {
        let rules = &op.spec.rules;
        let replaced = options.replaced.get(&op.op_type).map(|(_, by)| by);
        Self {
            behavior: Arc::clone(replaced.unwrap_or(&op.behavior)),
            blocking: op.spec.blocking && replaced.is_none(),
            retry: rules.retry.or(options.default_retry).filter(|policy| policy.allows_after(1)),
            deadlines: Deadlines::new(rules),
            recorded: options.keep_steps,
            quick: None,
        }
    }

    /// Whether another attempt may follow on this one.
    pub(super) fn may_follow(&self, attempt: u32) -> bool {
        self.retry.is_some_and(|policy| policy.allows_after(attempt))
    }
}

/// The rules of a whole run.
#[derive(Debug)]
pub(super) struct Rules {
    /// None for what is no op.
    nodes: Vec<Option<NodeRules>>,
    scopes: Vec<ScopeRules>,
    times_are_told: bool,
}

/// What the rules of its nodes mean for a scope.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct ScopeRules {
    shape: Shape,
    /// Whether each node takes what the one before it gave, and nothing else, and all are called alike.
    straight: bool,
    /// Whether a step may have to wait for its retry.
    may_rest: bool,
    /// Whether a step may run on after its end, as it blocks its thread.
    may_linger: bool,
    /// Whether the keys of its copies may be emitted once more.
    provisional: bool,
    /// Whether it is inside of copies whose keys may be emitted once more.
    in_provisional: bool,
}

impl Rules {
    pub(super) fn new(plan: &Plan, options: &Options, traced: bool) -> Self {
        let ids = (0..plan.nodes.len()).map(NodeId);
        let mut nodes: Vec<_> =
            ids.map(|id| plan.op(id).map(|op| NodeRules::new(op, options))).collect();
        let scopes = plan.scopes.iter().map(|scope| {
            let of_scope = || scope.nodes.iter().filter_map(|id| nodes[id.0].as_ref());
            let shape = match scope.shape {
                Shape::Blocking if of_scope().any(|rules| !rules.blocking) => Shape::Chain,
                shape => shape,
            };
            let may_rest = of_scope().any(|rules| rules.retry.is_some());
            let may_linger = of_scope().any(|rules| rules.blocking && !rules.deadlines.are_none());
            let provisional = match scope.feed {
                Feed::Emitted { node, output } => {
                    let retries = |rules: &NodeRules| rules.retry.is_some();
                    let emitted = |op: &OpPlan| op.spec.outputs[output].emitted;
                    nodes[node.0].as_ref().is_some_and(retries)
                        && plan.op(node).is_some_and(emitted)
                }
                _ => false,
            };
            ScopeRules {
                shape,
                straight: false,
                may_rest,
                may_linger,
                provisional,
                in_provisional: false,
            }
        });
        let mut scopes: Vec<_> = scopes.collect();
        for scope in 0..scopes.len() {
            let around = |scope: &ScopeId| plan.scope(*scope).parent;
            let mut around = std::iter::successors(around(&ScopeId(scope)), around);
            scopes[scope].in_provisional = around.any(|scope| scopes[scope.0].provisional);
        }
        let stored = options.store.is_some();
        let times_are_told = options.keep_steps || !options.hooks.is_empty() || stored;
        let asks = options.keep_values || options.chosen.is_some();
        let anybody_is_told = times_are_told || asks || traced;
        for (node, rules) in plan.nodes.iter().zip(&mut nodes) {
            let (Some(rules), Work::Op(op)) = (rules, &node.work) else { continue };
            let ScopeRules { provisional, in_provisional, .. } = scopes[node.scope.0];
            // With a store, a step that is not recorded may have been run before.
            rules.recorded |= in_provisional || (provisional && stored);
            let told = anybody_is_told || rules.recorded;
            if !told && rules.retry.is_none() && op.spec.rules.let_it_run() {
                rules.quick = Quick::new(node);
            }
        }
        for (scope, rules) in plan.scopes.iter().zip(&mut scopes) {
            // How many keys may block is said by the number of lanes, each with one.
            let limited = scope.max_concurrent.is_some() || options.at_once().is_some();
            rules.straight = !(limited && rules.shape == Shape::Blocking)
                && is_straight(plan, (scope, rules.shape), &nodes);
        }
        Self { nodes, scopes, times_are_told }
    }

    /// Whether anybody is told how long a step took.
    pub(super) fn times_are_told(&self) -> bool {
        self.times_are_told
    }

    /// Whether steps that succeed are recorded too.
    pub(super) fn record_success(&self) -> bool {
        self.nodes.iter().flatten().any(|rules| rules.recorded)
    }

    /// The rules of a node, if it is an op.
    pub(super) fn op(&self, node: NodeId) -> Option<&NodeRules> {
        self.nodes[node.0].as_ref()
    }
}

/// Whether each node of a scope takes what the one before it gave, and nothing else, and all are called alike.
fn is_straight(
    plan: &Plan,
    (scope, shape): (&ScopePlan, Shape),
    rules: &[Option<NodeRules>],
) -> bool {
    let [element] = scope.elements.as_slice() else { return false };
    let apart = scope.limit_owner.is_none() && scope.outer_cells.is_empty();
    if shape == Shape::Graph || scope.nodes.is_empty() || !apart {
        return false;
    }
    let blocking = |id: &NodeId| rules[id.0].as_ref().is_some_and(|rules| rules.blocking);
    if scope.nodes.iter().any(|id| blocking(id) != (shape == Shape::Blocking)) {
        return false;
    }
    let mut cell = *element;
    for id in &scope.nodes {
        let (node, rules) = (plan.node(*id), rules[id.0].as_ref());
        let Some(quick) = rules.and_then(|rules| rules.quick) else { return false };
        let has_values = matches!(&node.work, Work::Op(op) if op.spec.outputs.iter().all(
            |output| output.kind == OutputKind::Plain,
        ));
        if !has_values || !node.is_local || !node.after.is_empty() || quick.input != Some(cell) {
            return false;
        }
        cell = quick.output;
    }
    match scope.gathers.as_slice() {
        [] => true,
        [gather] => matches!(gather.cells.as_slice(), [taken] if taken.cell == cell && taken.last),
        _ => false,
    }
}

impl Engine {
    pub(super) fn rules(&self, node: NodeId) -> &NodeRules {
        match &self.rules.nodes[node.0] {
            Some(rules) => rules,
            None => unreachable!("only ops have steps that are run"),
        }
    }

    /// Whether the keys of a scope go through their nodes together.
    pub(super) fn is_straight(&self, scope: ScopeId) -> bool {
        self.rules.scopes[scope.0].straight
    }

    /// How an instance of a scope is run.
    pub(super) fn shape(&self, scope: ScopeId) -> Shape {
        self.rules.scopes[scope.0].shape
    }

    /// Whether a step of a scope may have to wait for its retry.
    pub(super) fn may_rest(&self, scope: ScopeId) -> bool {
        self.rules.scopes[scope.0].may_rest
    }

    /// Whether a step of a scope may run on after its end, as it blocks its thread.
    pub(super) fn may_linger(&self, scope: ScopeId) -> bool {
        self.rules.scopes[scope.0].may_linger
    }

    /// Whether what reads a scope's copies may read them in another order than they are begun in, or not at all.
    pub(super) fn is_read_late(&self, scope: ScopeId) -> bool {
        let ScopeRules { provisional, in_provisional, .. } = self.rules.scopes[scope.0];
        provisional || in_provisional || self.options.shuffle.is_some()
    }

    /// Whether the keys of a scope's copies may be emitted once more, so that nothing is final before their producer's end.
    pub(super) fn is_provisional(&self, scope: ScopeId) -> bool {
        self.rules.scopes[scope.0].provisional
    }

    /// What follows on a failed attempt.
    pub(super) fn verdict(
        &self,
        node: NodeId,
        attempt: u32,
        error: &StepError,
        path: impl FnOnce() -> KeyPath,
    ) -> Verdict {
        if self.stop.is_stopped() {
            return Verdict::GiveUp;
        }
        let random = || {
            // The same in every run of one seed, in whatever order its steps run.
            let mut hasher = DefaultHasher::new();
            (self.seed, node, path().indexes(), attempt).hash(&mut hasher);
            fastrand::Rng::with_seed(hasher.finish()).f64()
        };
        verdict(self.rules(node).retry.as_ref(), attempt, error, random)
    }
}
