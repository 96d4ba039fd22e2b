//! What a job composes: nodes in scopes, and the handles that refer to them.
//!
//! A *scope* is the part of a job that a mapping key duplicates; the job itself is the root scope.
//! A *node* stands in one scope and is run once for every instance of it.
//! Composing makes a [`Graph`]; once made, it never changes.

mod composed;
mod composer;
mod handle;
mod input;
mod name;
mod render;
#[cfg(test)]
pub(crate) mod testing;
mod view;

use std::any::TypeId;
use std::num::NonZeroUsize;
use std::panic::Location;
use std::sync::Arc;

pub use composed::{Composed, Place};
pub(crate) use composer::compose;
pub use composer::{Composer, JobId, Ref};
pub use handle::{
    AnyNumber, Awaited, By, DynamicHandle, Fanned, Handles, Home, Mapped, NodeHandle, OutputHandle,
    Raw,
};
pub use input::{Input, Inputs, IntoInput, RawSource, invoke};
pub use render::GraphView;
pub use view::{GraphEdge, GraphNode, GraphOutput, GraphScope, ScopeSource};

use crate::collector::NewCollector;
use crate::op::{ErasedOp, OpSpec};
use crate::partial::{FailedKey, Tolerance};
use crate::value::Erased;

/// Where a node stands among those of its graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) usize);

/// Where a scope stands among those of its graph. The root is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeId(pub(crate) usize);

impl ScopeId {
    pub(crate) const ROOT: Self = Self(0);
}

/// One output of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PortRef {
    pub(crate) node: NodeId,
    pub(crate) output: usize,
}

impl PortRef {
    pub(crate) fn first(node: NodeId) -> Self {
        Self { node, output: 0 }
    }
}

/// A composed job, before it is laid out for running.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) scopes: Vec<Scope>,
}

/// The part of a job that one mapping key duplicates.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// The scope that this one is nested in. Only the root has none.
    pub(crate) parent: Option<ScopeId>,
    pub(crate) source: Source,
    /// The nodes that stand for what a copy is given.
    pub(crate) elements: Vec<NodeId>,
    /// How many keys may be emitted and not finished, if the user said so.
    pub(crate) window: Option<NonZeroUsize>,
    /// How many keys may run at once, if the user said so.
    pub(crate) max_concurrent: Option<KeyLimit>,
    /// The scope that this one is a later stage of.
    pub(crate) stage_of: Option<ScopeId>,
    pub(crate) at: &'static Location<'static>,
}

/// A limit on the keys of a fan-out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyLimit {
    pub(crate) limit: NonZeroUsize,
    /// The scope whose every instance has one such limit.
    pub(crate) owner: ScopeId,
}

/// Where the copies of a scope come from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// The job itself: one instance.
    Root,
    /// A dynamic output of an op in the parent scope.
    Emitted(PortRef),
    /// Another fan-out's values, once more for every instance of the parent scope.
    Replay(StreamRef),
    /// Two fan-outs' values, matched by key.
    Zip(Zip),
    /// Another fan-out's values, several at a time.
    Batch { of: StreamRef, size: NonZeroUsize, gather: fn(Vec<Erased>) -> Erased },
    /// The steps of a fold, one value after the other.
    Fold(NodeId),
}

#[derive(Debug, Clone)]
pub(crate) struct Zip {
    pub(crate) left: StreamRef,
    pub(crate) right: StreamRef,
    pub(crate) pair: fn(Erased, Erased) -> Erased,
    /// Which zip of the job it is, counted from 1.
    pub(crate) number: usize,
    /// What the steps that name its failures are called: `zip`, `zip_2`.
    pub(crate) name: Arc<str>,
}

/// A value that is a stream of a fan-out's values, and how many levels deep it is nested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StreamRef {
    pub(crate) port: PortRef,
    pub(crate) depth: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) scope: ScopeId,
    pub(crate) kind: Kind,
    pub(crate) inputs: Vec<RawInput>,
    /// What must have succeeded before, without giving a value.
    pub(crate) after: Vec<PortRef>,
    pub(crate) at: &'static Location<'static>,
}

#[derive(Debug, Clone)]
pub(crate) enum RawInput {
    Value(Erased),
    Port(PortRef),
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// What a copy is given.
    Element,
    /// A use of an op.
    Op(Box<OpNode>),
    /// Something that costs no step.
    Wire(Wire),
    /// Gathers one value of every copy of a scope. Its input is in that scope.
    Collect { over: ScopeId, gather: Gather },
    /// Passes on the values of a scope's copies in order, as they come. Its inputs are in that scope.
    Stream { over: ScopeId },
    /// Folds a stream. Its inputs are the stream and the first accumulator.
    Fold(Fold),
}

#[derive(Debug, Clone)]
pub(crate) struct OpNode {
    pub(crate) name: Arc<str>,
    pub(crate) alias: Option<(String, &'static Location<'static>)>,
    /// Whether the name is final.
    pub(crate) named: bool,
    pub(crate) op_name: &'static str,
    pub(crate) op_type: TypeId,
    /// What its type is called, with the modules that it is in.
    pub(crate) op_path: &'static str,
    pub(crate) behavior: Arc<dyn ErasedOp>,
    pub(crate) spec: OpSpec,
    pub(crate) tags: Vec<(String, String)>,
    /// For every output, the scope of its copies if it is dynamic.
    pub(crate) fan_outs: Vec<Option<ScopeId>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Wire {
    /// Its only input.
    Forward,
    /// Its first input, if the second is true.
    Gate,
    /// Both inputs as a pair.
    Pair(fn(Erased, Erased) -> Erased),
    /// A part of its input.
    Part(fn(Erased) -> Erased),
}

/// Makes one value of many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gather {
    pub(crate) collector: NewCollector,
    pub(crate) failures: Failures,
}

/// What a gather does about keys that failed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Failures {
    /// It fails.
    Fatal,
    /// It keeps them beside the values.
    Tolerated {
        /// Whether it gathers what such a gather further in gave.
        nested: bool,
        /// How they are judged, if not by a gather further out.
        judge: Option<PartialGather>,
    },
}

/// Makes one value of the values, and of the keys that failed if there are few of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartialGather {
    pub(crate) tolerance: Tolerance,
    pub(crate) at: &'static Location<'static>,
    /// How many values were gathered.
    pub(crate) count: fn(&Erased) -> usize,
    pub(crate) make: fn(Erased, Vec<FailedKey>) -> Erased,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Fold {
    /// How many levels deep the stream is nested.
    pub(crate) depth: usize,
    pub(crate) body: ScopeId,
    /// The new accumulator, in the body.
    pub(crate) result: PortRef,
}

impl Gather {
    /// Whether it says which failures are tolerated.
    pub(crate) fn judges(&self) -> bool {
        matches!(self.failures, Failures::Tolerated { judge: Some(_), .. })
    }
}

impl OpNode {
    pub(crate) fn new(
        op_name: &'static str,
        (op_type, op_path): (TypeId, &'static str),
        behavior: Arc<dyn ErasedOp>,
        spec: OpSpec,
    ) -> Self {
        Self {
            name: op_name.into(),
            alias: None,
            named: false,
            op_name,
            op_type,
            op_path,
            behavior,
            fan_outs: vec![None; spec.outputs.len()],
            spec,
            tags: Vec::new(),
        }
    }
}

impl Graph {
    /// Whether `outer` is `inner`, or is around it.
    pub(crate) fn contains(&self, outer: ScopeId, inner: ScopeId) -> bool {
        self.ancestry(inner).any(|scope| scope == outer)
    }

    /// A scope and those around it, innermost first.
    pub(crate) fn ancestry(&self, scope: ScopeId) -> impl Iterator<Item = ScopeId> {
        std::iter::successors(Some(scope), |scope| self.scopes[scope.0].parent)
    }

    /// The scope inside of all others of these, which must lie on one line to the root.
    pub(crate) fn deepest(&self, scopes: impl IntoIterator<Item = ScopeId>) -> ScopeId {
        let depth = |scope: &ScopeId| self.ancestry(*scope).count();
        scopes.into_iter().max_by_key(depth).unwrap_or(ScopeId::ROOT)
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    pub(crate) fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0]
    }

    pub(crate) fn scope_of(&self, port: PortRef) -> ScopeId {
        self.node(port.node).scope
    }
}

impl Node {
    /// The outputs of other nodes that this one takes a value from.
    pub(crate) fn input_ports(&self) -> impl Iterator<Item = PortRef> {
        self.inputs.iter().filter_map(|input| match input {
            RawInput::Port(port) => Some(*port),
            RawInput::Value(_) => None,
        })
    }

    /// The scope of whose copies it gathers values.
    pub(crate) fn gathers(&self) -> Option<ScopeId> {
        match self.kind {
            Kind::Collect { over, .. } | Kind::Stream { over } => Some(over),
            _ => None,
        }
    }

    pub(crate) fn op(&self) -> Option<&OpNode> {
        match &self.kind {
            Kind::Op(op) => Some(op),
            _ => None,
        }
    }
}

impl Source {
    /// The streams in the parent scope, or around it, that it reads.
    pub(crate) fn streams(&self) -> Vec<StreamRef> {
        match self {
            Self::Root | Self::Emitted(_) | Self::Fold(_) => Vec::new(),
            Self::Replay(of) | Self::Batch { of, .. } => vec![*of],
            Self::Zip(zip) => vec![zip.left, zip.right],
        }
    }
}
