//! What comes before what.

use crate::error::BuildError;
use crate::graph::{Graph, Kind, NodeId, Source};

/// The nodes whose values, in some copy, a node waits for.
pub(super) fn dependencies(graph: &Graph, id: NodeId) -> Vec<NodeId> {
    let node = graph.node(id);
    let mut before: Vec<_> =
        node.input_ports().chain(node.after.iter().copied()).map(|port| port.node).collect();
    match &node.kind {
        Kind::Element => match &graph.scope(node.scope).source {
            Source::Root => {}
            Source::Emitted(port) => before.push(port.node),
            Source::Fold(fold) => {
                before.extend(graph.node(*fold).input_ports().map(|port| port.node));
            }
            source => before.extend(source.streams().iter().map(|stream| stream.port.node)),
        },
        Kind::Fold(fold) => {
            let body = graph.nodes.iter().enumerate();
            let body = body.filter(|(_, inner)| graph.contains(fold.body, inner.scope));
            before.extend(body.map(|(place, _)| NodeId(place)));
        }
        _ => {}
    }
    if !matches!(node.kind, Kind::Element) {
        before.extend(&graph.scope(node.scope).elements);
    }
    before
}

/// All nodes, each after those that it depends on.
pub(super) fn in_order(graph: &Graph) -> Result<Vec<NodeId>, BuildError> {
    let count = graph.nodes.len();
    let mut missing = vec![0; count];
    let mut dependents = vec![Vec::new(); count];
    for id in (0..count).map(NodeId) {
        for before in dependencies(graph, id) {
            missing[id.0] += 1;
            dependents[before.0].push(id);
        }
    }
    let mut ready: std::collections::BTreeSet<_> =
        (0..count).map(NodeId).filter(|id| missing[id.0] == 0).collect();
    let mut order = Vec::with_capacity(count);
    while let Some(id) = ready.pop_first() {
        order.push(id);
        for dependent in &dependents[id.0] {
            missing[dependent.0] -= 1;
            if missing[dependent.0] == 0 {
                ready.insert(*dependent);
            }
        }
    }
    match (0..count).find(|&place| missing[place] > 0 && !graph.nodes[place].after.is_empty()) {
        Some(place) => Err(BuildError::Circle { at: graph.nodes[place].at }),
        None => Ok(order),
    }
}
