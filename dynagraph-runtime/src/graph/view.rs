//! The parts of a job's graph, as people see them.

use std::num::NonZeroUsize;
use std::time::Duration;

use super::{Graph, NodeId, ScopeId, Source};
use crate::op::{OutputKind, OutputSpec, RetryPolicy, StepRules};

/// One node of a job's graph: a use of an op, or a fan-in.
#[derive(Debug, Clone)]
pub struct GraphNode {
    pub(super) name: String,
    pub(super) scope: usize,
    pub(super) depth: usize,
    pub(super) op: Option<&'static str>,
    pub(super) version: Option<&'static str>,
    pub(super) cached: bool,
    pub(super) outputs: Vec<OutputSpec>,
    pub(super) rules: StepRules,
    pub(super) tags: Vec<(String, String)>,
}

/// One edge of a job's graph.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GraphEdge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) input: Option<&'static str>,
    pub(super) dynamic: bool,
}

impl GraphNode {
    /// The node's name: its steps are called so.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many maps the node is inside of.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Whether the node is a use of an op. The others are fan-ins: `collect`, `collect_partial`, `fold`.
    pub fn is_op(&self) -> bool {
        self.op.is_some()
    }

    /// The name of the op that the node is a use of.
    pub fn op(&self) -> Option<&'static str> {
        self.op
    }

    /// The version of the op, if it has one.
    pub fn version(&self) -> Option<&'static str> {
        self.version
    }

    /// Whether runs of one store reuse its steps: `#[op(cache)]`.
    pub fn is_cached(&self) -> bool {
        self.cached
    }

    /// The outputs of the op, in order.
    pub fn outputs(&self) -> impl ExactSizeIterator<Item = GraphOutput<'_>> {
        self.outputs.iter().map(GraphOutput)
    }

    /// The place of the node's scope, in [`GraphView::scopes`](super::GraphView::scopes).
    pub fn scope(&self) -> usize {
        self.scope
    }

    /// How many of its steps run at once, if that is limited.
    pub fn max_concurrent(&self) -> Option<usize> {
        self.rules.max_concurrent.map(NonZeroUsize::get)
    }

    /// The pool that its steps take slots of, and how many each takes.
    pub fn pool(&self) -> Option<(&str, u32)> {
        self.rules.pool.as_ref().map(|pool| (&*pool.name, pool.weight.get()))
    }

    /// How its steps are retried, if the job says so.
    pub fn retry(&self) -> Option<&RetryPolicy> {
        self.rules.retry.as_ref()
    }

    /// How long an attempt may take.
    pub fn timeout(&self) -> Option<Duration> {
        self.rules.timeout
    }

    /// How long an attempt may give no sign of life.
    pub fn idle_timeout(&self) -> Option<Duration> {
        self.rules.idle_timeout
    }

    /// The notes that `.tag(..)` attached.
    pub fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// One output of a node that is a use of an op.
#[derive(Debug, Clone, Copy)]
pub struct GraphOutput<'a>(&'a OutputSpec);

impl<'a> GraphOutput<'a> {
    /// The output's name.
    pub fn name(self) -> &'a str {
        self.0.name
    }

    /// How many values it gives.
    pub fn kind(self) -> OutputKind {
        self.0.kind
    }

    /// The name of the type of one value, if the op says.
    pub fn type_name(self) -> Option<&'static str> {
        self.0.type_name.map(|name| name())
    }

    /// Whether a store can keep its values: their type has a codec. The step runs again in a run that goes on if not, and so
    /// does what needs its value.
    pub fn is_storable(self) -> bool {
        self.0.codec.is_some()
    }
}

impl GraphEdge {
    /// The place of the node that gives the value, in [`GraphView::nodes`](super::GraphView::nodes).
    pub fn from(&self) -> usize {
        self.from
    }

    /// The place of the node that takes it.
    pub fn to(&self) -> usize {
        self.to
    }

    /// The parameter that takes it, if the node is a use of an op and the edge carries a value.
    pub fn input(&self) -> Option<&'static str> {
        self.input
    }

    /// Whether the edge carries a dynamic output, and so leads into copies.
    pub fn is_dynamic(&self) -> bool {
        self.dynamic
    }
}

/// The part of a job that a mapping key duplicates; the first one is the job itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphScope {
    parent: Option<usize>,
    source: ScopeSource,
    window: Option<usize>,
    max_concurrent: Option<usize>,
}

/// What a scope has copies for. Numbers are places in [`GraphView::nodes`](super::GraphView::nodes).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScopeSource {
    /// It is the job itself, and has none.
    Job,
    /// The keys that a node emits.
    #[non_exhaustive]
    Keys {
        /// The node.
        node: usize,
        /// The name of its output.
        output: &'static str,
    },
    /// The keys of another fan-out, once more.
    #[non_exhaustive]
    Again {
        /// Whose keys they are.
        of: Vec<usize>,
    },
    /// The keys of two fan-outs, matched.
    #[non_exhaustive]
    Zip {
        /// Whose keys they are.
        of: Vec<usize>,
    },
    /// The values of another fan-out, several at a time.
    #[non_exhaustive]
    Batch {
        /// Whose values they are.
        of: Vec<usize>,
        /// How many at a time.
        size: usize,
    },
    /// The values that a fold takes, one after the other.
    #[non_exhaustive]
    Fold {
        /// The fold.
        node: usize,
    },
}

impl GraphScope {
    /// `of` gives the nodes that a scope's keys come from.
    pub(super) fn new(
        graph: &Graph,
        id: ScopeId,
        of: impl Fn(ScopeId) -> Vec<usize>,
        place: impl Fn(NodeId) -> Option<usize>,
    ) -> Self {
        let scope = graph.scope(id);
        let place = |id| place(id).unwrap_or_default();
        let source = match &scope.source {
            Source::Root => ScopeSource::Job,
            Source::Emitted(port) => {
                let outputs = graph.node(port.node).op().map(|op| &op.spec.outputs);
                let output = outputs.and_then(|outputs| outputs.get(port.output));
                let output = output.map_or("output", |output| output.name);
                ScopeSource::Keys { node: place(port.node), output }
            }
            Source::Replay(_) => ScopeSource::Again { of: of(id) },
            Source::Zip(_) => ScopeSource::Zip { of: of(id) },
            Source::Batch { size, .. } => ScopeSource::Batch { of: of(id), size: size.get() },
            Source::Fold(fold) => ScopeSource::Fold { node: place(*fold) },
        };
        Self {
            parent: scope.parent.map(|parent| parent.0),
            source,
            window: scope.window.map(NonZeroUsize::get),
            max_concurrent: scope.max_concurrent.map(|limit| limit.limit.get()),
        }
    }

    /// The place of the scope around it, in [`GraphView::scopes`](super::GraphView::scopes).
    pub fn parent(&self) -> Option<usize> {
        self.parent
    }

    /// What it has copies for.
    pub fn source(&self) -> &ScopeSource {
        &self.source
    }

    /// How many keys may be emitted and not finished, if the job says so.
    pub fn window(&self) -> Option<usize> {
        self.window
    }

    /// How many keys may run at once, if the job says so.
    pub fn max_concurrent(&self) -> Option<usize> {
        self.max_concurrent
    }
}
