//! What comes before what.

use std::collections::BTreeSet;

use crate::error::BuildError;
use crate::graph::{Graph, Kind, NodeId, ScopeId, Source};

/// What each node of a graph waits for.
#[derive(Debug)]
pub(super) struct Order {
    before: Vec<Vec<NodeId>>,
}

impl Order {
    pub(super) fn new(graph: &Graph) -> Self {
        let count = graph.nodes.len();
        let mut before: Vec<Vec<NodeId>> =
            (0..count).map(|node| dependencies(graph, NodeId(node))).collect();
        for (place, node) in graph.nodes.iter().enumerate() {
            // A fold waits for everything in its body.
            for scope in graph.ancestry(node.scope) {
                if let Source::Fold(fold) = &graph.scope(scope).source {
                    before[fold.0].push(NodeId(place));
                }
            }
        }
        Self { before }
    }

    /// The nodes whose values, in some copy, a node waits for.
    pub(super) fn before(&self, id: NodeId) -> &[NodeId] {
        &self.before[id.0]
    }

    /// All nodes, each after those that it waits for, otherwise in the order of composition.
    pub(super) fn sorted(&self, graph: &Graph) -> Result<Vec<NodeId>, BuildError> {
        let count = self.before.len();
        let mut missing: Vec<_> = self.before.iter().map(Vec::len).collect();
        let mut after = vec![Vec::new(); count];
        for (place, before) in self.before.iter().enumerate() {
            for id in before {
                after[id.0].push(place);
            }
        }
        let mut ready: BTreeSet<_> = (0..count).filter(|&place| missing[place] == 0).collect();
        let mut sorted = Vec::with_capacity(count);
        while let Some(place) = ready.pop_first() {
            sorted.push(NodeId(place));
            for &next in &after[place] {
                missing[next] -= 1;
                if missing[next] == 0 {
                    ready.insert(next);
                }
            }
        }
        let in_circle =
            |place: &usize| missing[*place] > 0 && !graph.nodes[*place].after.is_empty();
        match (0..count).find(in_circle) {
            Some(place) => Err(BuildError::Circle { at: graph.nodes[place].at }),
            None => Ok(sorted),
        }
    }
}

/// What a node waits for, but for the body of a fold.
fn dependencies(graph: &Graph, id: NodeId) -> Vec<NodeId> {
    let node = graph.node(id);
    let mut before: Vec<_> =
        node.input_ports().chain(node.after.iter().copied()).map(|port| port.node).collect();
    // Whatever is in a copy comes after what the copy is given.
    let scope = if matches!(node.kind, Kind::Element) {
        before.extend(origin(graph, node.scope));
        graph.scope(node.scope).parent
    } else {
        Some(node.scope)
    };
    before.extend(scope.iter().flat_map(|scope| &graph.scope(*scope).elements));
    before
}

/// The nodes that the copies of a scope wait for.
fn origin(graph: &Graph, scope: ScopeId) -> Vec<NodeId> {
    match &graph.scope(scope).source {
        Source::Root => Vec::new(),
        Source::Emitted(port) => vec![port.node],
        Source::Fold(fold) => graph.node(*fold).input_ports().map(|port| port.node).collect(),
        source => source.streams().iter().map(|stream| stream.port.node).collect(),
    }
}
