//! Small graphs, for tests of what is decided by a graph alone.

use std::any::TypeId;
use std::panic::Location;
use std::sync::Arc;

use super::{
    Failures, Gather, Graph, Kind, Node, NodeId, OpNode, PortRef, RawInput, Scope, ScopeId, Source,
    Wire,
};
use crate::collector::NewCollector;
use crate::op::{Call, ErasedOp, OpSpec, OutputSpec, Started};

#[derive(Debug)]
struct Nothing;

impl ErasedOp for Nothing {
    fn start(&self, _call: &mut Call<'_>) -> Started {
        unreachable!("no such op is run")
    }
}

/// A graph without nodes.
pub(crate) fn graph() -> Graph {
    let mut graph = Graph { nodes: Vec::new(), scopes: Vec::new() };
    graph.scopes.push(scope(None, Source::Root));
    graph
}

/// The copies of an op that emits.
pub(crate) fn emit(graph: &mut Graph, parent: ScopeId) -> ScopeId {
    let op = op(graph, parent, 1);
    copies(graph, parent, PortRef::first(op))
}

/// The copies of both outputs of an op that emits.
pub(crate) fn emit_two(graph: &mut Graph) -> [ScopeId; 2] {
    let node = op(graph, ScopeId::ROOT, 2);
    [0, 1].map(|output| copies(graph, ScopeId::ROOT, PortRef { node, output }))
}

/// A node that takes these values.
pub(crate) fn pair(graph: &mut Graph, scope: ScopeId, of: &[NodeId]) -> NodeId {
    let inputs = of.iter().map(|node| RawInput::Port(PortRef::first(*node))).collect();
    let wire = Wire::Pair(|left, _| left);
    add(graph, scope, Kind::Wire(wire), inputs)
}

/// A node that collects a value of a scope's copies.
pub(crate) fn collect(graph: &mut Graph, over: ScopeId, value: NodeId) -> NodeId {
    let collector: NewCollector = || unreachable!("no such job is run");
    let gather = Gather { collector, failures: Failures::Fatal };
    let home = graph.scope(over).parent.unwrap_or(ScopeId::ROOT);
    let inputs = vec![RawInput::Port(PortRef::first(value))];
    add(graph, home, Kind::Collect { over, gather }, inputs)
}

/// A node that collects what a scope's copies are given.
pub(crate) fn collect_elements(graph: &mut Graph, over: ScopeId) -> NodeId {
    let element = graph.scope(over).elements[0];
    collect(graph, over, element)
}

fn op(graph: &mut Graph, scope: ScopeId, outputs: usize) -> NodeId {
    let spec = OpSpec::new(&[]).outputs(vec![OutputSpec::emitted("output"); outputs]);
    let elements = graph.scope(scope).elements.clone();
    let inputs = elements.into_iter().map(|node| RawInput::Port(PortRef::first(node))).collect();
    let op = OpNode {
        name: "op".into(),
        alias: None,
        named: true,
        op_name: "op",
        op_type: TypeId::of::<Nothing>(),
        op_path: "op",
        behavior: Arc::new(Nothing),
        spec,
        tags: Vec::new(),
        fan_outs: vec![None; outputs],
    };
    add(graph, scope, Kind::Op(Box::new(op)), inputs)
}

fn copies(graph: &mut Graph, parent: ScopeId, port: PortRef) -> ScopeId {
    let id = ScopeId(graph.scopes.len());
    graph.scopes.push(scope(Some(parent), Source::Emitted(port)));
    let element = add(graph, id, Kind::Element, Vec::new());
    graph.scopes[id.0].elements.push(element);
    if let Kind::Op(op) = &mut graph.nodes[port.node.0].kind {
        op.fan_outs[port.output] = Some(id);
    }
    id
}

fn scope(parent: Option<ScopeId>, source: Source) -> Scope {
    let at = Location::caller();
    let (elements, window, max_concurrent) = (Vec::new(), None, None);
    Scope { parent, source, elements, window, max_concurrent, stage_of: None, at }
}

fn add(graph: &mut Graph, scope: ScopeId, kind: Kind, inputs: Vec<RawInput>) -> NodeId {
    let at = Location::caller();
    graph.nodes.push(Node { scope, kind, inputs, after: Vec::new(), at });
    NodeId(graph.nodes.len() - 1)
}
