//! Cuts a scope whose copies wait for all of its copies.
//!
//! ```text
//! scored.map(|s| share(s, total(scored.collect())))
//! ```
//!
//! Here every copy waits, half way, for every other one. No bounded number of tasks could run that as it stands:
//! each would hold a copy that waits. So the scope is cut into *stages*: the second is a scope of its own, which replays
//! the keys of the first with the values that it still needs, and begins when the first has ended.
//!
//! Two scopes may wait for each other in the same way: then both are cut, by the gathers over either.
//!
//! A node's stage is the largest number of such gathers on any way to the node. Scopes nested in a cut one are cut with
//! it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::circle::circles;
use super::order::Order;
use crate::graph::{
    Graph, Kind, Node, NodeId, PortRef, RawInput, Scope, ScopeId, Source, StreamRef,
};

/// Cuts every scope that needs it, the outer ones first. The graph must have no circle.
pub(super) fn cut_all(graph: &mut Graph) {
    let mut order = Order::new(graph);
    let mut ends = Ends::new(graph, &order);
    let mut outermost_first = vec![ScopeId::ROOT];
    let mut found = HashSet::from([ScopeId::ROOT]);
    let mut next = 0;
    while let Some(&scope) = outermost_first.get(next) {
        next += 1;
        if let Some(group) = ends.group(graph, scope) {
            Cut::new(graph, &order, scope, &group).apply(graph);
            order = Order::new(graph);
            ends = Ends::new(graph, &order);
            // A cut adds scopes beside the one that it cuts, and moves those inside.
            let around = graph.scope(scope).parent.unwrap_or(ScopeId::ROOT);
            add_children(graph, around, &mut found, &mut outermost_first);
        }
        add_children(graph, scope, &mut found, &mut outermost_first);
    }
}

/// What the end of each scope waits for, as far as it comes back to it.
struct Ends {
    nodes: usize,
    circles: Vec<usize>,
}

impl Ends {
    fn new(graph: &Graph, order: &Order) -> Self {
        let nodes = graph.nodes.len();
        let mut waits_for = vec![Vec::new(); nodes + graph.scopes.len()];
        for (place, node) in graph.nodes.iter().enumerate() {
            waits_for[place].extend(order.before(NodeId(place)).iter().map(|id| id.0));
            // A gather waits for the end of what it is over, and a scope ends with all that is in it.
            waits_for[place].extend(node.gathers().map(|scope| nodes + scope.0));
            for scope in graph.ancestry(node.scope) {
                waits_for[nodes + scope.0].push(place);
            }
        }
        Self { nodes, circles: circles(&waits_for) }
    }

    /// The scopes that cannot end because each waits for the others or for itself, if this is one of them.
    fn group(&self, graph: &Graph, scope: ScopeId) -> Option<Vec<ScopeId>> {
        let (nodes, scopes) = self.circles.split_at(self.nodes);
        let circle = scopes[scope.0];
        nodes.contains(&circle).then(|| {
            let beside = |other: &ScopeId| {
                *other == scope || !(graph.contains(scope, *other) || graph.contains(*other, scope))
            };
            let scopes = (0..scopes.len()).map(ScopeId).filter(|other| scopes[other.0] == circle);
            scopes.filter(beside).collect()
        })
    }
}

fn add_children(
    graph: &Graph,
    of: ScopeId,
    found: &mut HashSet<ScopeId>,
    outermost_first: &mut Vec<ScopeId>,
) {
    for scope in (0..graph.scopes.len()).map(ScopeId) {
        if graph.scope(scope).parent == Some(of) && found.insert(scope) {
            outermost_first.push(scope);
        }
    }
}

struct Cut {
    scope: ScopeId,
    /// The stage of every node.
    stages: Vec<usize>,
    /// The scope that each node was in before.
    homes: Vec<ScopeId>,
    /// The scopes of the later stages: by what they continue, and their stage.
    pieces: BTreeMap<(ScopeId, usize), ScopeId>,
    /// The node that streams a piece's keys and values to the next piece.
    streams: HashMap<ScopeId, NodeId>,
    /// The stand-ins of earlier values in a later piece.
    carried: HashMap<(ScopeId, PortRef), PortRef>,
}

impl Cut {
    fn new(graph: &Graph, order: &Order, scope: ScopeId, group: &[ScopeId]) -> Self {
        let homes = graph.nodes.iter().map(|node| node.scope).collect();
        let stages = stages(graph, order, scope, group);
        let mut pieces = BTreeMap::new();
        for id in (0..graph.scopes.len()).map(ScopeId) {
            if graph.contains(scope, id) {
                pieces.insert((id, base_stage(graph, id, &stages)), id);
            }
        }
        Self { scope, stages, homes, pieces, streams: HashMap::new(), carried: HashMap::new() }
    }

    fn apply(mut self, graph: &mut Graph) {
        let inside = |scope: ScopeId| graph.contains(self.scope, scope);
        let nodes: Vec<_> =
            (0..graph.nodes.len()).filter(|&node| inside(self.homes[node])).collect();
        if nodes.iter().all(|&node| self.stages[node] == 0) {
            return;
        }
        let gathers: Vec<_> = (0..graph.nodes.len())
            .filter(|&node| {
                !inside(self.homes[node]) && graph.nodes[node].gathers() == Some(self.scope)
            })
            .collect();
        let scopes: Vec<_> = (0..graph.scopes.len())
            .map(ScopeId)
            .filter(|scope| *scope != self.scope && inside(*scope))
            .collect();
        self.make_pieces(graph, &nodes);
        for scope in scopes {
            self.move_scope(graph, scope);
        }
        for node in nodes {
            self.move_node(graph, node);
        }
        for node in gathers {
            let inputs = graph.nodes[node].input_ports();
            let stage = inputs.map(|port| self.stages[port.node.0]).max().unwrap_or(0);
            self.rewire(graph, node, stage);
        }
    }

    /// Makes every piece that is needed, the earlier stages first: each takes from the last one before it.
    fn make_pieces(&mut self, graph: &mut Graph, nodes: &[usize]) {
        let mut needed = BTreeSet::new();
        for &node in nodes {
            let innermost = graph.nodes[node].gathers().unwrap_or(self.homes[node]);
            let around: Vec<_> = graph.ancestry(innermost).collect();
            for (depth, scope) in around.into_iter().rev().enumerate() {
                if graph.contains(self.scope, scope) {
                    needed.insert((self.stages[node], depth, scope));
                }
            }
        }
        for (stage, _, scope) in needed {
            self.piece(graph, scope, stage);
        }
    }

    /// Puts a nested scope into the piece of its parent that its source is in.
    fn move_scope(&mut self, graph: &mut Graph, scope: ScopeId) {
        let stage = base_stage(graph, scope, &self.stages);
        if let Some(parent) = graph.scope(scope).parent {
            let parent = self.piece(graph, parent, stage);
            graph.scopes[scope.0].parent = Some(parent);
        }
        let mut source = graph.scope(scope).source.clone();
        match &mut source {
            Source::Root | Source::Emitted(_) | Source::Fold(_) => {}
            Source::Replay(of) | Source::Batch { of, .. } => {
                of.port = self.local(graph, of.port, stage);
            }
            Source::Zip(zip) => {
                zip.left.port = self.local(graph, zip.left.port, stage);
                zip.right.port = self.local(graph, zip.right.port, stage);
            }
        }
        graph.scopes[scope.0].source = source;
        self.move_limit(graph, scope, stage);
    }

    /// A limit follows the scope that owns it into the stage.
    fn move_limit(&mut self, graph: &mut Graph, scope: ScopeId, stage: usize) {
        let Some(limit) = graph.scope(scope).max_concurrent else { return };
        if self.is_cut(limit.owner) {
            let owner = self.piece(graph, limit.owner, stage);
            if let Some(limit) = &mut graph.scopes[scope.0].max_concurrent {
                limit.owner = owner;
            }
        }
    }

    fn move_node(&mut self, graph: &mut Graph, node: usize) {
        let stage = self.stages[node];
        graph.nodes[node].scope = self.piece(graph, self.homes[node], stage);
        self.rewire(graph, node, stage);
    }

    /// Makes a node take everything from its own stage.
    fn rewire(&mut self, graph: &mut Graph, node: usize, stage: usize) {
        let mut rewired = graph.nodes[node].clone();
        for input in &mut rewired.inputs {
            if let RawInput::Port(port) = input {
                *port = self.local(graph, *port, stage);
            }
        }
        for port in &mut rewired.after {
            *port = self.local(graph, *port, stage);
        }
        if let Kind::Collect { over, .. } | Kind::Stream { over } = &mut rewired.kind
            && self.is_cut(*over)
        {
            *over = self.piece(graph, *over, stage);
        }
        graph.nodes[node] = rewired;
    }

    fn is_cut(&self, scope: ScopeId) -> bool {
        self.pieces.range((scope, 0)..=(scope, usize::MAX)).next().is_some()
    }

    /// The scope that runs a stage of another, made if there is none.
    fn piece(&mut self, graph: &mut Graph, of: ScopeId, stage: usize) -> ScopeId {
        if let Some(piece) = self.pieces.get(&(of, stage)) {
            return *piece;
        }
        let Some((_, &first)) = self.pieces.range((of, 0)..(of, usize::MAX)).next() else {
            return of;
        };
        let before = self.before(of, stage);
        let previous = self.pieces[&(of, before)];
        let at = graph.scope(of).at;
        let outer = self.original_parent(graph, first);
        let (beside, parent) = if of == self.scope {
            (outer, outer)
        } else {
            (self.piece(graph, outer, before), self.piece(graph, outer, stage))
        };
        let kind = Kind::Stream { over: previous };
        let stream = NodeId(graph.nodes.len());
        graph.nodes.push(Node { scope: beside, kind, inputs: Vec::new(), after: Vec::new(), at });
        self.stages.push(before);
        self.homes.push(outer);
        let port = self.local(graph, PortRef::first(stream), stage);
        let piece = ScopeId(graph.scopes.len());
        graph.scopes.push(Scope {
            parent: Some(parent),
            source: Source::Replay(StreamRef { port, depth: 1 }),
            elements: Vec::new(),
            window: graph.scope(of).window,
            max_concurrent: graph.scope(of).max_concurrent,
            stage_of: Some(graph.scope(of).stage_of.unwrap_or(of)),
            at,
        });
        self.pieces.insert((of, stage), piece);
        self.streams.insert(piece, stream);
        self.move_limit(graph, piece, stage);
        // Whatever is in a copy comes after what the copy is given: so something is given to every copy.
        let given = graph.scope(first).elements[0];
        self.local(graph, PortRef::first(given), stage);
        piece
    }

    /// The scope that a scope was in before the cut.
    fn original_parent(&self, graph: &Graph, scope: ScopeId) -> ScopeId {
        let parent = graph.scope(scope).parent.unwrap_or(ScopeId::ROOT);
        let original = self.pieces.iter().find(|(_, piece)| **piece == parent);
        original.map_or(parent, |((of, _), _)| *of)
    }

    /// The last stage of a scope that is before another and has a piece.
    fn before(&self, of: ScopeId, stage: usize) -> usize {
        let earlier = self.pieces.range((of, 0)..(of, stage)).next_back();
        earlier.map_or(0, |((_, stage), _)| *stage)
    }

    /// The port that stands for an earlier value in a stage.
    fn local(&mut self, graph: &mut Graph, port: PortRef, stage: usize) -> PortRef {
        let home = self.homes[port.node.0];
        if !self.is_cut(home) || self.stages[port.node.0] == stage {
            return port;
        }
        let piece = self.piece(graph, home, stage);
        if let Some(stand_in) = self.carried.get(&(piece, port)) {
            return *stand_in;
        }
        let element = NodeId(graph.nodes.len());
        let at = graph.scope(piece).at;
        graph.nodes.push(Node {
            scope: piece,
            kind: Kind::Element,
            inputs: Vec::new(),
            after: Vec::new(),
            at,
        });
        self.stages.push(stage);
        self.homes.push(home);
        graph.scopes[piece.0].elements.push(element);
        let stand_in = PortRef::first(element);
        self.carried.insert((piece, port), stand_in);
        let earlier = self.local(graph, port, self.before(home, stage));
        let stream = self.streams[&piece];
        graph.nodes[stream.0].inputs.push(RawInput::Port(earlier));
        stand_in
    }
}

/// The stage that a scope's copies begin in.
fn base_stage(graph: &Graph, scope: ScopeId, stages: &[usize]) -> usize {
    match &graph.scope(scope).source {
        Source::Fold(fold) => stages[fold.0],
        _ => {
            let elements = graph.scope(scope).elements.iter();
            elements.map(|element| stages[element.0]).max().unwrap_or(0)
        }
    }
}

/// Counts, for every node, the gathers over a group of scopes on the longest way to it.
fn stages(graph: &Graph, order: &Order, scope: ScopeId, group: &[ScopeId]) -> Vec<usize> {
    let mut stages = vec![0; graph.nodes.len()];
    for id in order.sorted(graph).unwrap_or_default() {
        let before = order.before(id).iter().map(|id| stages[id.0]).max().unwrap_or(0);
        let gathers = graph.node(id).gathers().is_some_and(|over| group.contains(&over));
        stages[id.0] = before + usize::from(gathers);
    }
    for (place, node) in graph.nodes.iter().enumerate() {
        if !graph.contains(scope, node.scope) {
            continue;
        }
        let inside = graph.ancestry(node.scope).take_while(|around| *around != scope);
        let folds = inside.filter_map(|around| match graph.scope(around).source {
            Source::Fold(fold) => Some(fold),
            _ => None,
        });
        // The steps of a fold inside follow each other: they cannot be parted.
        if let Some(outermost) = folds.last() {
            stages[place] = stages[outermost.0];
        }
    }
    stages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::testing::{self, collect, collect_elements, emit, pair};

    #[test]
    fn a_scope_whose_copies_wait_for_all_of_them_is_cut_in_two() {
        let mut graph = testing::graph();
        let copies = emit(&mut graph, ScopeId::ROOT);
        let scored = pair(&mut graph, copies, &[]);
        let all = collect(&mut graph, copies, scored);
        let share = pair(&mut graph, copies, &[scored, all]);
        cut_all(&mut graph);
        let later = graph.node(share).scope;
        assert_eq!(graph.node(scored).scope, copies);
        assert_ne!(later, copies);
        assert_eq!(graph.scope(later).parent, Some(ScopeId::ROOT));
        assert!(matches!(graph.scope(later).source, Source::Replay(_)));
        // What the second stage still needs of the first is an element of it.
        let scored_later = graph.node(share).input_ports().next().map(|port| port.node);
        assert!(scored_later.is_some_and(|node| graph.scope(later).elements.contains(&node)));
    }

    #[test]
    fn a_scope_that_waits_for_nothing_of_its_own_stays_whole() {
        let mut graph = testing::graph();
        let copies = emit(&mut graph, ScopeId::ROOT);
        let other = emit(&mut graph, ScopeId::ROOT);
        let all = collect_elements(&mut graph, other);
        pair(&mut graph, copies, &[all]);
        let scopes = graph.scopes.len();
        cut_all(&mut graph);
        assert_eq!(graph.scopes.len(), scopes);
    }

    #[test]
    fn scopes_that_wait_for_each_other_are_cut() {
        let mut graph = testing::graph();
        let [left, right] = testing::emit_two(&mut graph);
        let all_left = collect_elements(&mut graph, left);
        let all_right = collect_elements(&mut graph, right);
        let of_left = pair(&mut graph, left, &[all_right]);
        let of_right = pair(&mut graph, right, &[all_left]);
        cut_all(&mut graph);
        let order = Order::new(&graph);
        let ends = Ends::new(&graph, &order);
        for scope in (0..graph.scopes.len()).map(ScopeId) {
            assert_eq!(ends.group(&graph, scope), None, "{scope:?} waits for itself");
        }
        assert!(graph.node(of_left).scope != left || graph.node(of_right).scope != right);
    }

    #[test]
    fn what_is_nested_in_a_cut_scope_is_cut_with_it() {
        let mut graph = testing::graph();
        let outer = emit(&mut graph, ScopeId::ROOT);
        let inner = emit(&mut graph, outer);
        let scored = pair(&mut graph, inner, &[]);
        let of_outer = collect(&mut graph, inner, scored);
        let all = collect(&mut graph, outer, of_outer);
        let share = pair(&mut graph, inner, &[scored, all]);
        cut_all(&mut graph);
        let later = graph.node(share).scope;
        let around = graph.scope(later).parent;
        assert_ne!(around, Some(outer));
        assert_eq!(around.and_then(|scope| graph.scope(scope).parent), Some(ScopeId::ROOT));
    }
}
