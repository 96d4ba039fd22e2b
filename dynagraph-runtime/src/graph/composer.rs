//! The graph that the job function on this thread is composing.

use std::cell::RefCell;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};

use super::handle::{By, Raw as _, RawDynamic};
use super::{
    Fanned, Graph, KeyLimit, Kind, Node, NodeId, OutputHandle, PortRef, RawInput, Scope, ScopeId,
    Source, StreamRef, Wire, name,
};
use crate::error::BuildError;

thread_local! {
    /// The jobs being composed on this thread: a job function may make another job.
    static COMPOSING: RefCell<Vec<Composer>> = const { RefCell::new(Vec::new()) };
}

/// Tells the handles of one job from those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobId(u64);

impl JobId {
    /// The job of a handle that came out of a mistake. Using it is no second mistake.
    const POISON: Self = Self(0);

    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// A port of a job, as a handle keeps it.
#[derive(Debug, Clone, Copy)]
pub struct Ref<P> {
    pub(crate) job: JobId,
    pub(crate) of: P,
}

/// What composing a job gave.
pub(crate) type Composition = Result<(Graph, Vec<PortRef>), BuildError>;

/// Runs a job function, and gives what it returned beside the graph it composed.
#[track_caller]
pub(crate) fn compose<R>(
    body: impl FnOnce() -> R,
    finish: impl FnOnce(&mut Composer, R) -> Vec<PortRef>,
) -> Composition {
    let composing = Composing::begin(Location::caller());
    let returned = body();
    let outputs = with_composer("a job", |composer| finish(composer, returned));
    composing.end().map(|graph| (graph, outputs))
}

/// Takes the composer away also when the job function panics.
struct Composing {
    at: &'static Location<'static>,
}

impl Composing {
    fn begin(at: &'static Location<'static>) -> Self {
        COMPOSING.with_borrow_mut(|stack| stack.push(Composer::new(at)));
        Self { at }
    }

    fn end(self) -> Result<Graph, BuildError> {
        let composer = COMPOSING.with_borrow_mut(|stack| {
            stack.last_mut().map(|composer| std::mem::replace(composer, Composer::new(self.at)))
        });
        match composer {
            Some(composer) => composer.finish(),
            None => unreachable!("`begin` pushed a composer"),
        }
    }
}

impl Drop for Composing {
    fn drop(&mut self) {
        COMPOSING.with_borrow_mut(Vec::pop);
    }
}

/// Goes on composing the innermost job on this thread.
///
/// # Panics
///
/// If there is none; `what` says what needs one.
#[track_caller]
pub(crate) fn with_composer<R>(what: &str, go_on: impl FnOnce(&mut Composer) -> R) -> R {
    let mut go_on = Some(go_on);
    let result = COMPOSING.with_borrow_mut(|stack| {
        let composer = stack.last_mut()?;
        go_on.take().map(|go_on| go_on(composer))
    });
    match result {
        Some(result) => result,
        None => panic!("{what} is composed inside a `#[job]`, and there is none here"),
    }
}

/// Whether a job is being composed on this thread.
pub(super) fn is_composing() -> bool {
    COMPOSING.with_borrow(|stack| !stack.is_empty())
}

/// A graph in the making.
#[derive(Debug)]
pub struct Composer {
    id: JobId,
    graph: Graph,
    /// The scope whose closure is being called.
    current: ScopeId,
    /// The scopes made to replay a fan-out: by where, and of what.
    replays: HashMap<(ScopeId, RawDynamic), ScopeId>,
    /// How many zips there are.
    zips: usize,
    /// The outputs that something uses.
    used: Vec<bool>,
    error: Option<BuildError>,
    /// Where the job is made.
    at: &'static Location<'static>,
}

impl Composer {
    fn new(at: &'static Location<'static>) -> Self {
        let root = Scope {
            parent: None,
            source: Source::Root,
            elements: Vec::new(),
            window: None,
            max_concurrent: None,
            stage_of: None,
            at,
        };
        Self {
            id: JobId::next(),
            graph: Graph { nodes: Vec::new(), scopes: vec![root] },
            current: ScopeId::ROOT,
            replays: HashMap::new(),
            zips: 0,
            used: Vec::new(),
            error: None,
            at,
        }
    }

    fn finish(mut self) -> Result<Graph, BuildError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        name::assign(&mut self.graph)?;
        Ok(self.graph)
    }

    pub(super) fn graph(&self) -> &Graph {
        &self.graph
    }

    pub(super) fn current(&self) -> ScopeId {
        self.current
    }

    /// Moves into another scope, and says which one it was in.
    pub(super) fn enter(&mut self, scope: ScopeId) -> ScopeId {
        std::mem::replace(&mut self.current, scope)
    }

    /// Keeps the first mistake: those after it may follow from it.
    pub(super) fn mistake(&mut self, error: BuildError) {
        self.error.get_or_insert(error);
    }

    pub(super) fn handle<P>(&self, of: P) -> Ref<P> {
        Ref { job: self.id, of }
    }

    pub(super) fn poison<P>(of: P) -> Ref<P> {
        Ref { job: JobId::POISON, of }
    }

    /// Says whether a handle of `scope` may be used here.
    pub(super) fn is_visible(
        &mut self,
        job: JobId,
        scope: impl FnOnce(&Graph) -> ScopeId,
        at: &'static Location<'static>,
    ) -> bool {
        if job == JobId::POISON {
            return false;
        }
        if job != self.id {
            self.mistake(BuildError::ForeignHandle { at });
            return false;
        }
        let scope = scope(&self.graph);
        if !self.graph.contains(scope, self.current) {
            self.mistake(BuildError::OutOfScope { at });
            return false;
        }
        true
    }

    /// Makes a handle's value an output of the job.
    pub(crate) fn output<T>(&mut self, handle: OutputHandle<T>, outputs: &mut Vec<PortRef>) {
        let Ref { job, of: port } = handle.port();
        if self.is_visible(job, |graph| graph.scope_of(port), self.at) {
            self.used[port.node.0] = true;
            outputs.push(port);
        }
    }

    /// Makes a handle's values, with their keys, an output of the job.
    pub(crate) fn dynamic_output<H: Fanned>(&mut self, handle: H, outputs: &mut Vec<PortRef>) {
        let handle = handle.flat();
        let home = handle.home();
        if self.is_visible(home.job, |_| home.of.view, self.at) {
            let port = handle.gather(self, By::Key, self.at);
            self.used[port.node.0] = true;
            outputs.push(port);
        }
    }

    /// Adds a node to a scope.
    pub(super) fn add(
        &mut self,
        scope: ScopeId,
        kind: Kind,
        inputs: Vec<RawInput>,
        at: &'static Location<'static>,
    ) -> NodeId {
        let node = Node { scope, kind, inputs, after: Vec::new(), at };
        for port in node.input_ports() {
            self.used[port.node.0] = true;
        }
        self.graph.nodes.push(node);
        self.used.push(false);
        NodeId(self.graph.nodes.len() - 1)
    }

    /// Adds a node to the deepest scope that its inputs are in.
    pub(super) fn add_where_it_belongs(
        &mut self,
        kind: Kind,
        inputs: Vec<RawInput>,
        at: &'static Location<'static>,
    ) -> NodeId {
        let ports = inputs.iter().filter_map(|input| match input {
            RawInput::Port(port) => Some(self.graph.scope_of(*port)),
            RawInput::Value(_) => None,
        });
        let scope = self.graph.deepest(ports);
        self.add(scope, kind, inputs, at)
    }

    /// Adds a scope with this many elements.
    pub(super) fn add_scope(
        &mut self,
        parent: ScopeId,
        source: Source,
        elements: usize,
        at: &'static Location<'static>,
    ) -> ScopeId {
        let id = ScopeId(self.graph.scopes.len());
        for stream in source.streams() {
            self.used[stream.port.node.0] = true;
        }
        self.graph.scopes.push(Scope {
            parent: Some(parent),
            source,
            elements: Vec::new(),
            window: None,
            max_concurrent: None,
            stage_of: None,
            at,
        });
        let elements = (0..elements).map(|_| self.add(id, Kind::Element, Vec::new(), at)).collect();
        self.graph.scopes[id.0].elements = elements;
        id
    }

    /// The only thing that a copy of a scope is given.
    pub(super) fn element(&self, scope: ScopeId) -> PortRef {
        PortRef::first(self.graph.scope(scope).elements[0])
    }

    /// The value as a node of the scope itself, so that a gather finds it there.
    pub(super) fn settle_in(
        &mut self,
        scope: ScopeId,
        port: PortRef,
        at: &'static Location<'static>,
    ) -> PortRef {
        if self.graph.scope_of(port) == scope {
            return port;
        }
        PortRef::first(self.add(scope, Kind::Wire(Wire::Forward), vec![RawInput::Port(port)], at))
    }

    /// Moves a fold's body, and its fold, out of every scope that it does not depend on.
    pub(super) fn outermost_home(&self, body: ScopeId, at_least: ScopeId) -> ScopeId {
        let inside = |scope: ScopeId| self.graph.contains(body, scope);
        let nodes = self.graph.nodes.iter().filter(|node| inside(node.scope));
        let ports = nodes.flat_map(|node| node.input_ports().chain(node.after.iter().copied()));
        let streams = self.graph.scopes.iter().enumerate();
        let streams = streams.filter(|(id, _)| inside(ScopeId(*id)));
        let streams = streams.flat_map(|(_, scope)| scope.source.streams());
        let captured = ports
            .chain(streams.map(|stream| stream.port))
            .map(|port| self.graph.scope_of(port))
            .filter(|scope| !inside(*scope));
        self.graph.deepest(captured.chain([at_least]))
    }

    pub(super) fn move_scope(&mut self, scope: ScopeId, parent: ScopeId, source: Source) {
        let scope = &mut self.graph.scopes[scope.0];
        scope.parent = Some(parent);
        scope.source = source;
    }

    /// The values of a fan-out as a stream in the scope that it is seen from.
    ///
    /// Every use has a stream of its own, so that what one reader has read need not be kept for another.
    pub(super) fn stream(&mut self, of: RawDynamic, at: &'static Location<'static>) -> StreamRef {
        let mut port = of.value;
        let mut depth = 0;
        let mut over = of.scope;
        while over != of.view {
            let Some(parent) = self.graph.scope(over).parent else { break };
            let kind = Kind::Stream { over };
            port = PortRef::first(self.add(parent, kind, vec![RawInput::Port(port)], at));
            depth += 1;
            over = parent;
        }
        StreamRef { port, depth }
    }

    /// The scope nested in the current one that replays a fan-out.
    pub(super) fn replay(&mut self, of: RawDynamic, at: &'static Location<'static>) -> ScopeId {
        let place = (self.current, of);
        if let Some(scope) = self.replays.get(&place) {
            return *scope;
        }
        let stream = self.stream(of, at);
        let scope = self.add_scope(self.current, Source::Replay(stream), 1, at);
        self.replays.insert(place, scope);
        scope
    }

    /// The number of the next zip.
    pub(super) fn next_zip(&mut self) -> usize {
        self.zips += 1;
        self.zips
    }

    /// Orders a node after an output.
    pub(super) fn order(&mut self, node: NodeId, after: PortRef, at: &'static Location<'static>) {
        let scope = self.graph.node(node).scope;
        let other = self.graph.scope_of(after);
        if !self.graph.contains(other, scope) {
            let has_copies = self
                .graph
                .node(node)
                .op()
                .is_some_and(|op| op.fan_outs.iter().any(Option::is_some));
            if self.used[node.0] || has_copies {
                return self.mistake(BuildError::AfterTooLate { at });
            }
            self.graph.nodes[node.0].scope = other;
        }
        self.used[after.node.0] = true;
        self.graph.nodes[node.0].after.push(after);
    }

    pub(super) fn node_mut(&mut self, node: NodeId) -> &mut Node {
        &mut self.graph.nodes[node.0]
    }

    pub(super) fn set_window(&mut self, scope: ScopeId, window: NonZeroUsize) {
        self.graph.scopes[scope.0].window = Some(window);
    }

    pub(super) fn set_max_concurrent(&mut self, scope: ScopeId, limit: KeyLimit) {
        self.graph.scopes[scope.0].max_concurrent = Some(limit);
    }
}
