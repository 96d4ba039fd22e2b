//! A job's graph for people: nodes, edges, and two drawing languages.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::view::{GraphEdge, GraphNode, GraphScope};
use super::{
    Failures, Gather, Graph, Kind, Node, NodeId, PortRef, RawInput, ScopeId, Source, Wire,
};

/// The nodes and edges of a job, for people and for tests.
///
/// # Examples
///
/// `job.graph().to_mermaid()` is text that many pages draw as a picture.
#[derive(Debug, Clone)]
pub struct GraphView {
    nodes: Vec<GraphNode>,
    edges: Vec<GraphEdge>,
    scopes: Vec<GraphScope>,
}

impl GraphView {
    /// The nodes, in the order of composition.
    pub fn nodes(&self) -> &[GraphNode] {
        &self.nodes
    }

    /// The edges.
    pub fn edges(&self) -> &[GraphEdge] {
        &self.edges
    }

    /// The scopes, each after the one around it. The first is the job itself.
    pub fn scopes(&self) -> &[GraphScope] {
        &self.scopes
    }

    /// The graph in Mermaid's flowchart language; edges into copies are thick.
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("flowchart TD\n");
        for (place, node) in self.nodes.iter().enumerate() {
            let name = label(node).replace('"', "#quot;");
            let (open, close) = if node.is_op() { ("[", "]") } else { ("([", "])") };
            let _ = writeln!(text, "    n{place}{open}\"{name}\"{close}");
        }
        for edge in &self.edges {
            let arrow = if edge.is_dynamic() { "==>" } else { "-->" };
            let _ = writeln!(text, "    n{} {arrow} n{}", edge.from(), edge.to());
        }
        text
    }

    /// The graph in Graphviz' DOT language; edges into copies are bold.
    pub fn to_dot(&self) -> String {
        let mut text = String::from("digraph job {\n    node [shape=box];\n");
        for (place, node) in self.nodes.iter().enumerate() {
            let name = label(node).replace('\\', "\\\\").replace('"', "\\\"");
            let shape = if node.is_op() { "" } else { ", shape=oval" };
            let _ = writeln!(text, "    n{place} [label=\"{name}\"{shape}];");
        }
        for edge in &self.edges {
            let style = if edge.is_dynamic() { " [style=bold]" } else { "" };
            let _ = writeln!(text, "    n{} -> n{}{style};", edge.from(), edge.to());
        }
        text.push_str("}\n");
        text
    }

    pub(crate) fn empty() -> Self {
        Self { nodes: Vec::new(), edges: Vec::new(), scopes: Vec::new() }
    }

    pub(crate) fn of(graph: &Graph) -> Self {
        let shown: Vec<NodeId> =
            (0..graph.nodes.len()).map(NodeId).filter(|id| name(graph, *id).is_some()).collect();
        let place = |id: NodeId| shown.binary_search(&id).ok();
        let mut view = Self::empty();
        let mut edges = HashSet::new();
        for (to, id) in shown.iter().enumerate() {
            let node = graph.node(*id);
            view.nodes.push(GraphNode {
                name: name(graph, *id).unwrap_or_default(),
                scope: node.scope.0,
                depth: graph.ancestry(node.scope).count() - 1,
                op: node.op().map(|op| op.op_name),
                version: node.op().and_then(|op| op.spec.version),
                cached: node.op().is_some_and(|op| op.spec.cached),
                outputs: node.op().map(|op| op.spec.outputs.clone()).unwrap_or_default(),
                rules: node.op().map(|op| op.spec.rules.clone()).unwrap_or_default(),
                tags: node.op().map(|op| op.tags.clone()).unwrap_or_default(),
            });
            for (input, port) in inputs_of(node) {
                for (from, dynamic) in origins_of(graph, port) {
                    let Some(from) = place(from).filter(|from| *from != to) else { continue };
                    let edge = GraphEdge { from, to, input, dynamic };
                    if edges.insert(edge.clone()) {
                        view.edges.push(edge);
                    }
                }
            }
        }
        let scopes = (0..graph.scopes.len()).map(|scope| {
            let of = |from: ScopeId| {
                let origins = source_of(graph, from).into_iter();
                let origins = origins.flat_map(|(id, _)| origins_of(graph, PortRef::first(id)));
                let mut places: Vec<_> = origins.filter_map(|(id, _)| place(id)).collect();
                places.dedup();
                places
            };
            GraphScope::new(graph, ScopeId(scope), of, place)
        });
        view.scopes = scopes.collect();
        view
    }
}

/// What a node takes, with the name of the parameter that takes it.
fn inputs_of(node: &Node) -> Vec<(Option<&'static str>, PortRef)> {
    let names = node.op().map_or(&[][..], |op| op.spec.inputs);
    let inputs = node.inputs.iter().enumerate().filter_map(|(place, input)| match input {
        RawInput::Port(port) => Some((names.get(place).copied(), *port)),
        RawInput::Value(_) => None,
    });
    let after = node.after.iter().map(|port| (None, *port));
    let result = match &node.kind {
        Kind::Fold(fold) => Some((None, fold.result)),
        _ => None,
    };
    inputs.chain(after).chain(result).collect()
}

fn label(node: &GraphNode) -> String {
    format!("{}{}", node.name(), "[*]".repeat(usize::from(node.depth() > 0)))
}

fn name(graph: &Graph, id: NodeId) -> Option<String> {
    match &graph.node(id).kind {
        Kind::Op(op) => Some(op.name.to_string()),
        Kind::Collect { gather: Gather { failures: Failures::Tolerated { .. }, .. }, .. } => {
            Some("collect_partial".to_owned())
        }
        Kind::Collect { .. } => Some("collect".to_owned()),
        Kind::Fold(_) => Some("fold".to_owned()),
        Kind::Element | Kind::Wire(_) | Kind::Stream { .. } => None,
    }
}

/// The shown nodes that a port's value comes from, through those that are not shown; and whether into copies.
fn origins_of(graph: &Graph, port: PortRef) -> Vec<(NodeId, bool)> {
    let mut origins = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![(port.node, false)];
    while let Some((id, dynamic)) = open.pop() {
        if !seen.insert((id, dynamic)) {
            continue;
        }
        let node = graph.node(id);
        let inputs = || node.input_ports().map(|port| port.node);
        match &node.kind {
            Kind::Op(_) | Kind::Collect { .. } | Kind::Fold(_) => origins.push((id, dynamic)),
            Kind::Element => open.extend(source_of(graph, node.scope)),
            // What passes a gate is its value; who decides is behind the edge before.
            Kind::Wire(Wire::Gate) => open.extend(inputs().take(1).map(|id| (id, dynamic))),
            Kind::Wire(_) | Kind::Stream { .. } => {
                open.extend(inputs().map(|id| (id, dynamic)));
            }
        }
    }
    origins.sort();
    origins
}

/// The nodes that the copies of a scope are made by.
fn source_of(graph: &Graph, scope: ScopeId) -> Vec<(NodeId, bool)> {
    let ports = match &graph.scope(scope).source {
        Source::Emitted(port) => vec![port.node],
        Source::Fold(fold) => graph.node(*fold).input_ports().map(|port| port.node).collect(),
        source => source.streams().iter().map(|stream| stream.port.node).collect(),
    };
    ports.into_iter().map(|id| (id, true)).collect()
}
