//! Which fan-outs may hold their producer back.
//!
//! A producer waits while its fan-out's window is full. If what the copies wait for waits, in the end, for the producer,
//! nobody would ever go on; such a fan-out has no window. Copies of a key that is emitted wait only for keys emitted
//! before it, so that waiting for an emission is no such circle; waiting for the *end* of the emissions is.

use std::collections::HashSet;

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

/// Whether the scope's producer can be made to wait for the scope's copies.
pub(super) fn may_hold_back(graph: &Graph, scope: ScopeId) -> bool {
    let unordered = matches!(graph.scope(scope).source, Source::Zip(_))
        && graph
            .nodes
            .iter()
            .any(|node| matches!(node.kind, Kind::Stream { over } if over == scope));
    // A zip finds its pairs in any order, and a stream gives them in one: what it holds back must not stop the zip.
    !unordered && !reaches(graph, Event::Finished(scope), Event::Emitted(scope))
}

fn reaches(graph: &Graph, from: Event, to: Event) -> bool {
    let mut seen = HashSet::from([from]);
    let mut open = vec![from];
    while let Some(event) = open.pop() {
        for next in waits_for(graph, event) {
            if next == to {
                return true;
            }
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    false
}

fn waits_for(graph: &Graph, event: Event) -> Vec<Event> {
    match event {
        Event::Settled(node) => settled(graph, node),
        Event::Emitted(scope) => emitted(graph, scope),
        Event::Finished(scope) => finished(graph, scope),
    }
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
        Kind::Fold(fold) => events.extend(nodes_in(graph, fold.body)),
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

fn finished(graph: &Graph, scope: ScopeId) -> Vec<Event> {
    let mut events = nodes_in(graph, scope);
    for (place, other) in graph.scopes.iter().enumerate() {
        let other_id = ScopeId(place);
        if other_id != scope && graph.contains(scope, other_id) {
            events.push(Event::Emitted(other_id));
        }
        // What takes the values in order, as they come, must keep up.
        if other.source.streams().iter().any(|stream| streams(graph, stream.port, scope)) {
            events.push(Event::Finished(other_id));
        }
    }
    for node in &graph.nodes {
        if let Kind::Fold(fold) = &node.kind
            && node.input_ports().any(|port| streams(graph, port, scope))
        {
            events.extend(begun(graph, fold.body));
            events.extend(nodes_in(graph, fold.body));
        }
    }
    events
}

/// Whether a port gives a stream of a scope's values, or a stream of such streams.
fn streams(graph: &Graph, port: PortRef, scope: ScopeId) -> bool {
    let node = graph.node(port.node);
    matches!(node.kind, Kind::Stream { over }
        if over == scope || node.input_ports().any(|inner| streams(graph, inner, scope)))
}

/// The values of every node in a scope and in those nested in it.
fn nodes_in(graph: &Graph, scope: ScopeId) -> Vec<Event> {
    let nodes = graph.nodes.iter().enumerate();
    let nodes = nodes.filter(|(_, node)| graph.contains(scope, node.scope));
    nodes.map(|(place, _)| Event::Settled(NodeId(place))).collect()
}
