//! How a scope's instance is run.

use super::Shape;
use super::order::Order;
use crate::graph::{Graph, Kind, NodeId, OpNode, ScopeId, Wire};
use crate::op::OutputKind;

/// Judges a scope by its nodes, which are given in order.
pub(super) fn shape(graph: &Graph, scope: ScopeId, nodes: &[NodeId], leaf: bool) -> Shape {
    let plain = |id: &NodeId| match &graph.node(*id).kind {
        Kind::Op(op) => op.spec.outputs.iter().all(|output| output.kind != OutputKind::Dynamic),
        Kind::Wire(_) => true,
        _ => false,
    };
    if !leaf || scope == ScopeId::ROOT || !nodes.iter().all(plain) {
        return Shape::Graph;
    }
    let ops: Vec<_> =
        nodes.iter().filter_map(|id| graph.node(*id).op().map(|op| (*id, op))).collect();
    let free = |op: &OpNode| op.spec.blocking && op.spec.rules.let_it_run();
    if !ops.is_empty() && ops.iter().all(|(_, op)| free(op)) {
        return Shape::Blocking;
    }
    let follows = ops.windows(2).all(|pair| depends_on(graph, pair[1].0, pair[0].0));
    if follows { Shape::Chain } else { Shape::Graph }
}

/// Whether a node takes something, directly or through others, from another one.
fn depends_on(graph: &Graph, node: NodeId, on: NodeId) -> bool {
    let mut open = vec![node];
    let mut seen = std::collections::HashSet::new();
    while let Some(id) = open.pop() {
        if id == on {
            return true;
        }
        let node = graph.node(id);
        let ports = node.input_ports().chain(node.after.iter().copied());
        open.extend(ports.map(|port| port.node).filter(|id| seen.insert(*id)));
    }
    false
}

/// Whether a node may give nothing although all of its scope's elements are there.
pub(super) fn may_skip(graph: &Graph, waits: &Order, id: NodeId) -> bool {
    let mut open = vec![id];
    let mut seen = std::collections::HashSet::new();
    while let Some(id) = open.pop() {
        let node = graph.node(id);
        let skips = match &node.kind {
            Kind::Op(op) => {
                op.spec.outputs.iter().any(|output| output.kind == OutputKind::Optional)
            }
            Kind::Wire(wire) => matches!(wire, Wire::Gate),
            Kind::Element | Kind::Collect { .. } | Kind::Stream { .. } | Kind::Fold(_) => false,
        };
        if skips {
            return true;
        }
        open.extend(waits.before(id).iter().filter(|id| seen.insert(**id)));
    }
    false
}
