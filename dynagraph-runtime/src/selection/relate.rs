//! What is above and what is below a step, by the edges of a job's graph.
//!
//! An edge says which keys its two ends have in common: a copy takes from the copy with the same keys, a collect from all
//! copies below its own keys, a copy from the one step around it. What is not in common is any key.

use std::collections::HashMap;

use super::pattern::{Pattern, Segment, Steps};
use crate::graph::{Graph, Kind, NodeId, RawInput, ScopeId, Source, StreamRef};

/// Steps of a graph's nodes.
pub(super) type OfNodes = HashMap<NodeId, Steps>;

/// Which way edges are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Above,
    Below,
}

/// The edges of a graph.
#[derive(Debug)]
pub(super) struct Relation {
    /// How many keys the steps of each node show.
    keys: Vec<usize>,
    edges: Vec<Edge>,
    /// By node: the edges to what it takes from, and to what takes from it.
    above: Vec<Vec<usize>>,
    below: Vec<Vec<usize>>,
}

/// One node takes from another.
#[derive(Debug)]
struct Edge {
    from: NodeId,
    to: NodeId,
    /// The places of the keys that both have.
    common: Vec<(usize, usize)>,
    /// Whether every step of `from` with these keys is needed by each of `to`; otherwise some of them may be.
    certain: bool,
}

impl Relation {
    pub(super) fn new(graph: &Graph) -> Self {
        let levels = levels(graph);
        let depths = (0..graph.scopes.len()).map(ScopeId);
        let depths = depths
            .map(|scope| graph.ancestry(scope).map(|around| levels[around.0]).sum())
            .collect();
        let homes = (0..graph.nodes.len()).map(|node| home(graph, NodeId(node))).collect();
        let mut edges = Edges { graph, depths, homes, found: Vec::new() };
        for node in (0..graph.nodes.len()).map(NodeId) {
            edges.add_all_to(node);
        }
        let Edges { depths, homes, found, .. } = edges;
        let (mut above, mut below) = (vec![Vec::new(); homes.len()], vec![Vec::new(); homes.len()]);
        for (place, edge) in found.iter().enumerate() {
            above[edge.to.0].push(place);
            below[edge.from.0].push(place);
        }
        let keys = homes.iter().map(|home: &ScopeId| depths[home.0]).collect();
        Self { keys, edges: found, above, below }
    }

    /// How many keys the steps of a node show.
    pub(super) fn keys(&self, node: NodeId) -> usize {
        self.keys[node.0]
    }

    /// Adds what is above or below some steps, but for what is there already. Of what is above, on request only what is
    /// needed for certain.
    pub(super) fn follow(
        &self,
        way: Way,
        certain: bool,
        from: impl IntoIterator<Item = (NodeId, Pattern)>,
        into: &mut OfNodes,
    ) {
        let mut open: Vec<_> = from.into_iter().collect();
        while let Some((node, pattern)) = open.pop() {
            let edges = match way {
                Way::Above => &self.above[node.0],
                Way::Below => &self.below[node.0],
            };
            let edges = edges.iter().map(|edge| &self.edges[*edge]);
            for edge in edges.filter(|edge| edge.certain || !certain) {
                let (next, pattern) = self.passed(edge, way, &pattern);
                if into.entry(next).or_default().add(&pattern) {
                    open.push((next, pattern));
                }
            }
        }
    }

    /// What steps are at the other end of an edge.
    fn passed(&self, edge: &Edge, way: Way, pattern: &Pattern) -> (NodeId, Pattern) {
        let next = match way {
            Way::Above => edge.from,
            Way::Below => edge.to,
        };
        let mut passed = Pattern::any(self.keys(next));
        for &(from, to) in &edge.common {
            let (here, there) = match way {
                Way::Above => (to, from),
                Way::Below => (from, to),
            };
            passed.0[there] = pattern.0.get(here).cloned().unwrap_or(Segment::Any);
        }
        (next, passed)
    }
}

struct Edges<'a> {
    graph: &'a Graph,
    /// How many keys each scope's copies show.
    depths: Vec<usize>,
    /// The scope of each node's values.
    homes: Vec<ScopeId>,
    found: Vec<Edge>,
}

impl Edges<'_> {
    fn add_all_to(&mut self, to: NodeId) {
        let graph = self.graph;
        let node = graph.node(to);
        for port in node.input_ports().chain(node.after.iter().copied()) {
            self.plain(port.node, to, true);
        }
        if let Kind::Fold(fold) = &node.kind {
            self.plain(fold.result.node, to, true);
        }
        let scope = graph.scope(node.scope);
        if !matches!(node.kind, Kind::Element) {
            self.given(node.scope, to);
            return;
        }
        if let Some(parent) = scope.parent {
            self.given(parent, to);
        }
        match &scope.source {
            Source::Root => {}
            Source::Emitted(port) => self.plain(port.node, to, true),
            Source::Replay(of) => self.stream(*of, to),
            Source::Zip(zip) => {
                self.stream(zip.left, to);
                self.stream(zip.right, to);
            }
            // Which values a batch is made of, only a run knows.
            Source::Batch { of, .. } => self.plain(of.port.node, to, false),
            Source::Fold(fold) => self.folded(*fold, to),
        }
    }

    /// What a step of a fold is given: a value of its key, and what an earlier step made.
    fn folded(&mut self, id: NodeId, to: NodeId) {
        let graph = self.graph;
        let node = graph.node(id);
        let Kind::Fold(fold) = &node.kind else { return };
        let [RawInput::Port(stream), init] = node.inputs.as_slice() else { return };
        if graph.scope(fold.body).elements.first() == Some(&to) {
            if let RawInput::Port(init) = init {
                self.plain(init.node, to, true);
            }
            // Which steps are earlier, only a run knows.
            let common = self.depths[node.scope.0];
            let common = (0..common).map(|place| (place, place)).collect();
            self.found.push(Edge { from: fold.result.node, to, common, certain: false });
        } else {
            self.stream(StreamRef { port: *stream, depth: fold.depth }, to);
        }
    }

    /// Whatever is in a copy takes what the copy is made for.
    fn given(&mut self, scope: ScopeId, to: NodeId) {
        let scope = self.graph.scope(scope);
        let place = usize::from(matches!(scope.source, Source::Fold(_)));
        if let Some(element) = scope.elements.get(place) {
            self.plain(*element, to, true);
        }
    }

    /// The keys of the copies that both are in are those of both.
    fn plain(&mut self, from: NodeId, to: NodeId, certain: bool) {
        let (from_home, to_home) = (self.homes[from.0], self.homes[to.0]);
        let around = |scope: &ScopeId| self.graph.contains(*scope, to_home);
        let shared = self.graph.ancestry(from_home).find(around).unwrap_or(ScopeId::ROOT);
        let common = (0..self.depths[shared.0]).map(|place| (place, place)).collect();
        self.found.push(Edge { from, to, common, certain });
    }

    /// The keys of a stream's values are those of the copies that it is read into.
    fn stream(&mut self, of: StreamRef, to: NodeId) {
        let from = of.port.node;
        let graph = self.graph;
        let into = self.homes[to.0];
        let outer = self.depths[graph.scope_of(of.port).0];
        let read = of.depth.checked_sub(1);
        let read = read.and_then(|last| streamed(graph, from).get(last).copied());
        let read = read.map(|scope| self.depths[scope.0]);
        let (own, around) = (self.depths[into.0], graph.scope(into).parent);
        let around = around.map_or(0, |around| self.depths[around.0]);
        let Some(read) = read.filter(|read| read - outer == own - around) else {
            return self.plain(from, to, false);
        };
        let shared = (0..outer).map(|place| (place, place));
        let keys = (outer..read).zip(around..own);
        let certain = read == self.depths[self.homes[from.0].0];
        self.found.push(Edge { from, to, common: shared.chain(keys).collect(), certain });
    }
}

/// The scope of a node's values: those of a stream are further in than itself.
fn home(graph: &Graph, node: NodeId) -> ScopeId {
    streamed(graph, node).pop().unwrap_or(graph.node(node).scope)
}

/// The scopes whose copies a stream goes through, outermost first.
fn streamed(graph: &Graph, stream: NodeId) -> Vec<ScopeId> {
    let streams = std::iter::successors(Some(stream), |stream| {
        graph.node(*stream).input_ports().next().map(|port| port.node)
    });
    let over = streams.map(|stream| match graph.node(stream).kind {
        Kind::Stream { over } => Some(over),
        _ => None,
    });
    over.map_while(|over| over).collect()
}

/// As [`streamed`], also for a stream that a copy is given.
fn scopes_of(graph: &Graph, stream: NodeId) -> Vec<ScopeId> {
    let node = graph.node(stream);
    match (&node.kind, &graph.scope(node.scope).source) {
        (Kind::Stream { over }, _) => {
            let inner = node.input_ports().next().map(|port| scopes_of(graph, port.node));
            std::iter::once(*over).chain(inner.into_iter().flatten()).collect()
        }
        (Kind::Element, Source::Replay(of)) => {
            scopes_of(graph, of.port.node).into_iter().skip(of.depth).collect()
        }
        _ => Vec::new(),
    }
}

/// How many keys each scope adds to what its copies' step keys show: a key that is a path shows as several.
fn levels(graph: &Graph) -> Vec<usize> {
    let mut levels: Vec<usize> = Vec::with_capacity(graph.scopes.len());
    for scope in &graph.scopes {
        // A stream is older than what reads it.
        let of_stream = |StreamRef { port, depth }: StreamRef| -> usize {
            let scopes = scopes_of(graph, port.node);
            let level = |place: usize| scopes.get(place).and_then(|scope| levels.get(scope.0));
            (0..depth).map(|place| level(place).copied().unwrap_or(1)).sum()
        };
        let level = match &scope.source {
            Source::Root => 0,
            Source::Emitted(_) | Source::Batch { .. } => 1,
            Source::Replay(of) => of_stream(*of),
            Source::Zip(zip) => of_stream(zip.left),
            Source::Fold(fold) => {
                match (&graph.node(*fold).kind, graph.node(*fold).input_ports().next()) {
                    (Kind::Fold(fold), Some(port)) => {
                        of_stream(StreamRef { port, depth: fold.depth })
                    }
                    _ => 1,
                }
            }
        };
        levels.push(level);
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::testing::{self, collect, emit, pair};

    fn pattern(keys: &[&str]) -> Pattern {
        let segment = |key: &&str| Segment::new(key.split('*').map(str::to_owned).collect());
        Pattern(keys.iter().map(segment).collect())
    }

    /// The steps of a node that are above or below another one's.
    fn found(graph: &Graph, way: Way, from: (NodeId, &[&str]), node: NodeId) -> Vec<Pattern> {
        let mut found = OfNodes::new();
        Relation::new(graph).follow(way, true, [(from.0, pattern(from.1))], &mut found);
        found.get(&node).map(|steps| steps.patterns().collect()).unwrap_or_default()
    }

    /// `outer ─▶ inner ─▶ made ═▶ gathered ═▶ all`
    fn nested() -> (Graph, [NodeId; 3], [ScopeId; 2]) {
        let mut graph = testing::graph();
        let outer = emit(&mut graph, ScopeId::ROOT);
        let inner = emit(&mut graph, outer);
        let element = graph.scope(inner).elements[0];
        let made = pair(&mut graph, inner, &[element]);
        let gathered = collect(&mut graph, inner, made);
        let all = collect(&mut graph, outer, gathered);
        (graph, [made, gathered, all], [outer, inner])
    }

    fn emitter(graph: &Graph, scope: ScopeId) -> NodeId {
        match graph.scope(scope).source {
            Source::Emitted(port) => port.node,
            _ => NodeId(usize::MAX),
        }
    }

    #[test]
    fn below_a_copy_its_keys_go_on_as_far_as_there_are_copies() {
        let (graph, [made, gathered, all], _) = nested();
        let from = (made, ["us", "1"].as_slice());
        assert_eq!(found(&graph, Way::Below, from, gathered), [pattern(&["us"])]);
        assert_eq!(found(&graph, Way::Below, from, all), [pattern(&[])]);
        assert_eq!(found(&graph, Way::Above, from, gathered), []);
    }

    #[test]
    fn above_what_gathers_are_all_copies_inside_of_it() {
        let (graph, [made, gathered, all], [outer, inner]) = nested();
        let from = (gathered, ["us"].as_slice());
        assert_eq!(found(&graph, Way::Above, from, made), [pattern(&["us", "*"])]);
        assert_eq!(found(&graph, Way::Above, from, emitter(&graph, inner)), [pattern(&["us"])]);
        assert_eq!(found(&graph, Way::Above, from, emitter(&graph, outer)), [pattern(&[])]);
        assert_eq!(found(&graph, Way::Above, (all, &[]), made), [pattern(&["*", "*"])]);
    }

    #[test]
    fn below_an_emitter_are_all_of_its_copies() {
        let (graph, [made, ..], [outer, inner]) = nested();
        let from = (emitter(&graph, inner), ["us"].as_slice());
        assert_eq!(found(&graph, Way::Below, from, made), [pattern(&["us", "*"])]);
        assert_eq!(found(&graph, Way::Below, from, emitter(&graph, outer)), []);
    }

    #[test]
    fn on_the_way_through_a_collect_a_copy_is_below_the_others() {
        let mut graph = testing::graph();
        let copies = emit(&mut graph, ScopeId::ROOT);
        let made = pair(&mut graph, copies, &[]);
        let all = collect(&mut graph, copies, made);
        let share = pair(&mut graph, copies, &[made, all]);
        let from = (made, ["a"].as_slice());
        assert_eq!(found(&graph, Way::Below, from, share), [pattern(&["*"])]);
        assert_eq!(found(&graph, Way::Above, (share, &["a"]), made), [pattern(&["*"])]);
    }
}
