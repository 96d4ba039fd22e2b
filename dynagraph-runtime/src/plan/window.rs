//! Which fan-outs may hold their producer back.
//!
//! A producer waits while its fan-out's window is full. If what the copies wait for waits, in the end, for the producer,
//! nobody would ever go on; such a fan-out has no window. Copies of a key that is emitted wait only for keys emitted
//! before it, so that waiting for an emission is no such circle; waiting for the *end* of the emissions is.

use super::circle::circles;
use crate::graph::{Graph, Kind, NodeId, PortRef, RawInput, ScopeId, Source};

/// Something that others may wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Event {
    /// The node has its value, in every copy.
    Settled(NodeId),
    /// Every key of the scope is emitted.
    Emitted(ScopeId),
    /// Every key of the scope is finished.
    Finished(ScopeId),
}

/// Says for each scope whether its producer can be made to wait for the scope's copies.
pub(super) fn may_hold_back(graph: &Graph) -> Vec<bool> {
    let events = Events::new(graph);
    let circles = circles(&events.waits_for);
    let scopes = graph.scopes.iter().enumerate();
    scopes
        .map(|(place, scope)| {
            let id = ScopeId(place);
            // Who emits waits for the copies, by the window; so the way back makes a circle.
            let emitter = match &scope.source {
                Source::Emitted(port) => Event::Settled(port.node),
                _ => Event::Emitted(id),
            };
            let finished = circles[events.place(Event::Finished(id))];
            // Copies may begin in another order than the one they are read in. What a reader has not come to must then
            // not be held back: it may have the place that an earlier copy needs.
            let unordered = is_streamed(graph, id)
                && graph.ancestry(id).any(|around| begins_in_any_order(graph, id, around));
            !unordered && finished != circles[events.place(emitter)]
        })
        .collect()
}

/// Whether the copies of a scope around another may begin in any order: a zip finds its pairs so, and a limit shared by
/// several fan-outs is given to whoever comes first.
fn begins_in_any_order(graph: &Graph, id: ScopeId, around: ScopeId) -> bool {
    let scope = graph.scope(around);
    let shares = scope.max_concurrent.is_some_and(|limit| Some(limit.owner) != scope.parent);
    matches!(scope.source, Source::Zip(_)) || (around != id && shares)
}

fn is_streamed(graph: &Graph, scope: ScopeId) -> bool {
    graph.nodes.iter().any(|node| matches!(node.kind, Kind::Stream { over } if over == scope))
}

/// Who waits for whom, with a number for each event.
struct Events {
    nodes: usize,
    scopes: usize,
    waits_for: Vec<Vec<usize>>,
}

impl Events {
    fn new(graph: &Graph) -> Self {
        let (nodes, scopes) = (graph.nodes.len(), graph.scopes.len());
        let mut events = Self { nodes, scopes, waits_for: vec![Vec::new(); nodes + 2 * scopes] };
        let within = Within::new(graph);
        for id in (0..nodes).map(NodeId) {
            events.add(Event::Settled(id), settled(graph, id));
        }
        for id in (0..scopes).map(ScopeId) {
            events.add(Event::Emitted(id), emitted(graph, id));
            events.add(Event::Finished(id), finished(graph, &within, id));
        }
        events
    }

    fn add(&mut self, event: Event, waits_for: Vec<Event>) {
        let place = self.place(event);
        self.waits_for[place] = waits_for.into_iter().map(|event| self.place(event)).collect();
    }

    fn place(&self, event: Event) -> usize {
        match event {
            Event::Settled(node) => node.0,
            Event::Emitted(scope) => self.nodes + scope.0,
            Event::Finished(scope) => self.nodes + self.scopes + scope.0,
        }
    }
}

/// What is in each scope, at any depth; and what reads a stream of it.
struct Within {
    nodes: Vec<Vec<NodeId>>,
    scopes: Vec<Vec<ScopeId>>,
    read_by_scopes: Vec<Vec<ScopeId>>,
    read_by_folds: Vec<Vec<ScopeId>>,
}

impl Within {
    fn new(graph: &Graph) -> Self {
        let none = || vec![Vec::new(); graph.scopes.len()];
        let mut within = Self {
            nodes: vec![Vec::new(); graph.scopes.len()],
            scopes: none(),
            read_by_scopes: none(),
            read_by_folds: none(),
        };
        for (place, node) in graph.nodes.iter().enumerate() {
            for scope in graph.ancestry(node.scope) {
                within.nodes[scope.0].push(NodeId(place));
            }
            if let Kind::Fold(fold) = &node.kind {
                for scope in node.input_ports().flat_map(|port| streamed(graph, port)) {
                    within.read_by_folds[scope.0].push(fold.body);
                }
            }
        }
        for (place, scope) in graph.scopes.iter().enumerate() {
            for around in graph.ancestry(ScopeId(place)).skip(1) {
                within.scopes[around.0].push(ScopeId(place));
            }
            for of in scope.source.streams().iter().flat_map(|of| streamed(graph, of.port)) {
                within.read_by_scopes[of.0].push(ScopeId(place));
            }
        }
        within
    }

    fn nodes(&self, scope: ScopeId) -> impl Iterator<Item = Event> {
        self.nodes[scope.0].iter().map(|node| Event::Settled(*node))
    }
}

/// The scopes whose values a port streams: those of a stream, and of the streams inside of it.
fn streamed(graph: &Graph, port: PortRef) -> Vec<ScopeId> {
    let mut scopes = Vec::new();
    let mut open = vec![port];
    while let Some(port) = open.pop() {
        let node = graph.node(port.node);
        if let Kind::Stream { over } = node.kind {
            scopes.push(over);
            open.extend(node.input_ports());
        }
    }
    scopes
}

fn settled(graph: &Graph, id: NodeId) -> Vec<Event> {
    let node = graph.node(id);
    let ports = node.input_ports().chain(node.after.iter().copied());
    let mut events: Vec<_> = ports.map(|port| Event::Settled(port.node)).collect();
    match &node.kind {
        Kind::Element => events.extend(begun(graph, node.scope)),
        Kind::Op(op) => {
            let scopes = op.fan_outs.iter().flatten();
            events.extend(scopes.map(|scope| Event::Finished(*scope)));
        }
        Kind::Collect { over, .. } | Kind::Stream { over } => events.push(Event::Emitted(*over)),
        Kind::Fold(fold) => events.push(Event::Finished(fold.body)),
        Kind::Wire(_) => {}
    }
    events
}

/// What the first emission of a scope's keys waits for.
fn begun(graph: &Graph, scope: ScopeId) -> Vec<Event> {
    let inputs = |id: NodeId| {
        let node = graph.node(id);
        let ports = node.input_ports().chain(node.after.iter().copied());
        ports.map(|port| Event::Settled(port.node)).collect::<Vec<_>>()
    };
    match &graph.scope(scope).source {
        Source::Root => Vec::new(),
        Source::Emitted(port) => inputs(port.node),
        Source::Fold(fold) => {
            let [_, rest @ ..] = graph.node(*fold).inputs.as_slice() else { return Vec::new() };
            rest.iter()
                .filter_map(|input| match input {
                    RawInput::Port(port) => Some(Event::Settled(port.node)),
                    RawInput::Value(_) => None,
                })
                .collect()
        }
        source => {
            let streams = source.streams();
            let over =
                streams.iter().filter_map(|stream| match &graph.node(stream.port.node).kind {
                    Kind::Stream { over } => Some(*over),
                    _ => None,
                });
            over.flat_map(|over| begun(graph, over)).collect()
        }
    }
}

fn emitted(graph: &Graph, scope: ScopeId) -> Vec<Event> {
    match &graph.scope(scope).source {
        Source::Root | Source::Fold(_) => Vec::new(),
        Source::Emitted(port) => vec![Event::Settled(port.node)],
        source => {
            let streams = source.streams().into_iter();
            let streams = streams.map(|stream| Event::Settled(stream.port.node));
            streams.chain([Event::Finished(scope)]).collect()
        }
    }
}

fn finished(graph: &Graph, within: &Within, scope: ScopeId) -> Vec<Event> {
    let mut events: Vec<_> = within.nodes(scope).collect();
    events.extend(within.scopes[scope.0].iter().map(|inner| Event::Emitted(*inner)));
    // What takes the values in order, as they come, must keep up.
    events.extend(within.read_by_scopes[scope.0].iter().map(|reader| Event::Finished(*reader)));
    for body in &within.read_by_folds[scope.0] {
        events.extend(begun(graph, *body));
        events.push(Event::Finished(*body));
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::testing::{self, collect, collect_elements, emit, emit_two, pair};

    #[test]
    fn copies_that_wait_for_nothing_hold_their_producer_back() {
        let mut graph = testing::graph();
        let copies = emit(&mut graph, ScopeId::ROOT);
        let mapped = pair(&mut graph, copies, &[]);
        collect(&mut graph, copies, mapped);
        assert!(may_hold_back(&graph)[copies.0]);
    }

    #[test]
    fn copies_that_wait_for_another_output_of_their_producer_do_not() {
        let mut graph = testing::graph();
        let [values, negatives] = emit_two(&mut graph);
        let all = collect_elements(&mut graph, negatives);
        pair(&mut graph, values, &[all]);
        let held = may_hold_back(&graph);
        assert!(!held[values.0]);
    }

    #[test]
    fn two_producers_whose_copies_wait_for_each_other_are_not_held_back() {
        let mut graph = testing::graph();
        let left = emit(&mut graph, ScopeId::ROOT);
        let right = emit(&mut graph, ScopeId::ROOT);
        let all_left = collect_elements(&mut graph, left);
        let all_right = collect_elements(&mut graph, right);
        pair(&mut graph, left, &[all_right]);
        pair(&mut graph, right, &[all_left]);
        let held = may_hold_back(&graph);
        assert!(!held[left.0] && !held[right.0]);
    }
}
