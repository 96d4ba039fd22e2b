//! A graph laid out for running: what each copy holds, in which order its nodes run, and who uses a value last.
//!
//! Made once for a job, pure, and never changed.

mod circle;
mod layout;
mod order;
mod shape;
mod stage;
mod window;

use std::any::TypeId;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::error::BuildError;
use crate::graph::{Gather, Graph, NodeId, PortRef, ScopeId, Wire};
use crate::op::{ErasedOp, OpSpec};
use crate::step::StepNames;
use crate::value::Erased;

/// How many keys of a fan-out may be emitted and not finished, unless the job says.
pub(crate) const DEFAULT_WINDOW: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();

/// A job, ready to run.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) scopes: Vec<ScopePlan>,
    pub(crate) nodes: Vec<NodePlan>,
    /// The cells of the root scope that are the job's output.
    pub(crate) outputs: Vec<usize>,
    /// Whether a failure may be tolerated.
    pub(crate) tolerates: bool,
    /// For every node, those whose values it waits for. Empty if no failure may be tolerated.
    pub(crate) before: Vec<Vec<NodeId>>,
}

/// A scope: what every instance of it does.
#[derive(Debug)]
pub(crate) struct ScopePlan {
    pub(crate) parent: Option<ScopeId>,
    /// The scope that the job composed: this one, or what this one is a later stage of.
    pub(crate) origin: ScopeId,
    pub(crate) feed: Feed,
    pub(crate) shape: Shape,
    /// How many instances of one fan-out may be emitted and not finished.
    pub(crate) window: Window,
    /// How many instances may run at once, if the job says.
    pub(crate) max_concurrent: Option<NonZeroUsize>,
    /// Where the limit is, if not in each fan-out: so many scopes up, shared by all below.
    pub(crate) limit_owner: Option<usize>,
    /// The limits that each instance of this scope has for fan-outs further down.
    pub(crate) owned_limits: Vec<(ScopeId, NonZeroUsize)>,
    /// How many uses each cell's value has in one instance.
    pub(crate) uses: Vec<usize>,
    /// The cells of what an instance is given.
    pub(crate) elements: Vec<usize>,
    /// What is left, in an order in which each comes after what it takes.
    pub(crate) nodes: Vec<NodeId>,
    /// The fan-outs that each instance has.
    pub(crate) children: Vec<ScopeId>,
    /// The nodes in the parent scope that gather this one's values.
    pub(crate) gathers: Vec<GatherPlan>,
    /// The cells of the parent scope that this one's instances read.
    pub(crate) captures: Vec<usize>,
    /// The cells, in this scope and around it, that the nodes of this one alone read.
    pub(crate) outer_cells: Vec<(usize, usize)>,
}

/// How a scope's instance is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One step after the other, all of them blocking.
    Blocking,
    /// One step after the other.
    Chain,
    /// Steps that may run at once, fan-outs, fan-ins.
    Graph,
}

/// How far the emission of keys may be ahead of their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    Keys(NonZeroUsize),
    /// The default, or as many as may run at once if that is more.
    Default,
    /// Any number, because what the copies wait for waits for the last key.
    Unbounded,
}

/// Where a scope's instances come from.
#[derive(Debug, Clone)]
pub(crate) enum Feed {
    Root,
    Emitted { node: NodeId, output: usize },
    Replay(StreamArg),
    Zip { left: StreamArg, right: StreamArg, pair: fn(Erased, Erased) -> Erased, name: Arc<str> },
    Batch { of: StreamArg, size: NonZeroUsize, gather: fn(Vec<Erased>) -> Erased },
    Fold,
}

/// A stream that a feed or a fold reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StreamArg {
    pub(crate) place: Place,
    pub(crate) depth: usize,
}

/// A cell of an instance: of this one, or of one around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    /// How many scopes up.
    pub(crate) up: usize,
    pub(crate) cell: usize,
    /// If it is further up: where it stands among the outer cells of the scope that reads it.
    pub(crate) captured: usize,
}

/// A gather, as the fan-out sees it.
#[derive(Debug, Clone)]
pub(crate) struct GatherPlan {
    pub(crate) node: NodeId,
    /// What it takes of an instance.
    pub(crate) cells: Vec<Taken>,
    pub(crate) kind: GatherKind,
}

/// A cell that a gather takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    pub(crate) cell: usize,
    /// In a chain: nobody takes it after this.
    pub(crate) last: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum GatherKind {
    Collect(Gather),
    /// Whether what was read is kept for other readers.
    Stream {
        kept: bool,
    },
}

#[derive(Debug)]
pub(crate) struct NodePlan {
    pub(crate) scope: ScopeId,
    /// The cells of its outputs; none for a dynamic output.
    pub(crate) cells: Vec<Option<usize>>,
    pub(crate) args: Vec<Arg>,
    pub(crate) after: Vec<Place>,
    /// Whether all that it waits for is in its own instance.
    pub(crate) is_local: bool,
    pub(crate) work: Work,
}

impl NodePlan {
    /// Everything that it waits for: its inputs in order, then what it comes after.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
        let args = self.args.iter().filter_map(|arg| match arg {
            Arg::Cell { place, .. } => Some(*place),
            Arg::Value(_) => None,
        });
        args.chain(self.after.iter().copied())
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Arg {
    Value(Erased),
    Cell {
        place: Place,
        /// In a chain: nothing in the same instance uses the value after this.
        last: bool,
    },
}

#[derive(Debug)]
pub(crate) enum Work {
    Element,
    Op(Box<OpPlan>),
    Wire(Wire),
    Collect(CollectPlan),
    Stream,
    Fold(FoldPlan),
}

/// Where a collect finds what was collected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CollectPlan {
    /// Which fan-out of the instance it is over.
    pub(crate) child: usize,
    /// Which gather of that fan-out it is.
    pub(crate) sink: usize,
}

#[derive(Debug)]
pub(crate) struct OpPlan {
    pub(crate) name: Arc<str>,
    pub(crate) op_name: &'static str,
    pub(crate) op_type: TypeId,
    pub(crate) op_path: &'static str,
    pub(crate) behavior: Arc<dyn ErasedOp>,
    pub(crate) spec: OpSpec,
    pub(crate) outputs: Vec<OutputPlan>,
}

impl OpPlan {
    /// Whether the op emits values while it runs.
    pub(crate) fn emits(&self) -> bool {
        self.spec.outputs.iter().any(|output| output.emitted)
    }
}

/// Where an output of an op goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputPlan {
    /// Into a cell.
    Plain,
    /// It is dynamic, and nothing uses it.
    Unused,
    /// Into one of the instance's fan-outs.
    FanOut(usize),
}

#[derive(Debug)]
pub(crate) struct FoldPlan {
    pub(crate) stream: StreamArg,
    pub(crate) body: ScopeId,
    /// The cell of the new accumulator.
    pub(crate) result: usize,
    /// Whether a step may give nothing, so that the last accumulator must be kept.
    pub(crate) may_skip: bool,
}

impl Plan {
    /// Lays a graph out.
    pub(crate) fn new(mut graph: Graph, outputs: &[PortRef]) -> Result<Self, BuildError> {
        order::Order::new(&graph).sorted(&graph)?;
        stage::cut_all(&mut graph);
        layout::lay_out(&graph, outputs)
    }

    pub(crate) fn scope(&self, id: ScopeId) -> &ScopePlan {
        &self.scopes[id.0]
    }

    pub(crate) fn node(&self, id: NodeId) -> &NodePlan {
        &self.nodes[id.0]
    }

    pub(crate) fn op(&self, id: NodeId) -> Option<&OpPlan> {
        match &self.node(id).work {
            Work::Op(op) => Some(op),
            _ => None,
        }
    }

    /// A scope and those around it but for the root, innermost first.
    pub(crate) fn copied_scopes(&self, scope: ScopeId) -> impl Iterator<Item = ScopeId> {
        std::iter::successors(Some(scope), |scope| self.scope(*scope).parent)
            .filter(|scope| *scope != ScopeId::ROOT)
    }

    /// What the steps of each node are called.
    pub(crate) fn step_names(&self) -> StepNames {
        let name = |node: &NodePlan| match (&node.work, &self.scope(node.scope).feed) {
            (Work::Op(op), _) => Some((op.name.clone(), op.op_name)),
            (Work::Element, Feed::Zip { name, .. }) => Some((name.clone(), "zip")),
            _ => None,
        };
        self.nodes.iter().map(name).collect()
    }

    /// The node that stands for what the copies of a scope are given.
    pub(crate) fn element_of(&self, scope: ScopeId) -> NodeId {
        let element = self
            .nodes
            .iter()
            .position(|node| node.scope == scope && matches!(node.work, Work::Element));
        NodeId(element.unwrap_or_default())
    }

    /// The op that emits a scope's keys, and the name of the output. A scope may be fed otherwise.
    pub(crate) fn emitter(&self, id: ScopeId) -> Option<(NodeId, &'static str)> {
        let Feed::Emitted { node, output } = self.scope(id).feed else { return None };
        let op = self.op(node)?;
        Some((node, op.spec.outputs[output].name))
    }

    /// The ops that ask for a resource which they are not `given`, by the resource's name.
    pub(crate) fn missing_resources(
        &self,
        given: impl Fn(&OpPlan, TypeId) -> bool,
    ) -> Vec<(&'static str, Vec<&'static str>)> {
        let mut missing: Vec<(&'static str, Vec<&'static str>)> = Vec::new();
        let mut places = HashMap::new();
        let ops = (0..self.nodes.len()).filter_map(|node| self.op(NodeId(node)));
        for op in ops {
            let asked = op.spec.resources.iter();
            for resource in asked.filter(|resource| !given(op, resource.id)) {
                let place = *places.entry(resource.id).or_insert_with(|| {
                    missing.push((resource.name, Vec::new()));
                    missing.len() - 1
                });
                let ops = &mut missing[place].1;
                if !ops.contains(&op.op_name) {
                    ops.push(op.op_name);
                }
            }
        }
        missing
    }
}
