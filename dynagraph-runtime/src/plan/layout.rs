//! Gives every value its cell, every node its place, and every cell its number of uses.

use std::collections::{HashMap, HashSet};

use super::order::Order;
use super::shape::{may_skip, shape};
use super::window::may_hold_back;
use super::{
    Arg, CollectPlan, Feed, FoldPlan, GatherKind, GatherPlan, NodePlan, OpPlan, OutputPlan, Place,
    Plan, ScopePlan, Shape, StreamArg, Taken, Window, Work,
};
use crate::error::BuildError;
use crate::graph::{Graph, Kind, NodeId, PortRef, RawInput, ScopeId, Source, StreamRef};
use crate::op::OutputKind;

pub(super) fn lay_out(graph: &Graph, outputs: &[PortRef]) -> Result<Plan, BuildError> {
    let order = Order::new(graph);
    let layout = Layout::new(graph, &order, &order.sorted(graph)?);
    let nodes = (0..graph.nodes.len()).map(|node| layout.node(NodeId(node))).collect();
    let outputs = outputs.iter().map(|port| layout.cell(*port)).collect::<Vec<_>>();
    let tolerates = graph
        .nodes
        .iter()
        .any(|node| matches!(&node.kind, Kind::Collect { gather, .. } if gather.judges()));
    let ids = (0..graph.nodes.len()).map(NodeId).filter(|_| tolerates);
    let before = ids.map(|id| order.before(id).to_vec()).collect();
    let mut plan = Plan { scopes: Vec::new(), nodes, outputs, tolerates, before };
    for scope in (0..graph.scopes.len()).map(ScopeId) {
        let scope = layout.scope(scope);
        plan.scopes.push(scope);
    }
    count_uses(&mut plan);
    place_captured(&mut plan);
    mark_last_uses(&mut plan);
    Ok(plan)
}

struct Layout<'a> {
    graph: &'a Graph,
    waits: &'a Order,
    /// For each scope, whether its copies may hold their producer back.
    holds_back: Vec<bool>,
    cells: HashMap<PortRef, usize>,
    counts: Vec<usize>,
    order: HashMap<ScopeId, Vec<NodeId>>,
    children: HashMap<ScopeId, Vec<ScopeId>>,
}

impl<'a> Layout<'a> {
    fn new(graph: &'a Graph, waits: &'a Order, order: &[NodeId]) -> Self {
        let mut layout = Self {
            graph,
            waits,
            holds_back: may_hold_back(graph),
            cells: HashMap::new(),
            counts: vec![0; graph.scopes.len()],
            order: HashMap::new(),
            children: HashMap::new(),
        };
        for id in order {
            let node = graph.node(*id);
            let plain: Vec<bool> = match &node.kind {
                Kind::Op(op) => {
                    let outputs = op.spec.outputs.iter();
                    outputs.map(|output| output.kind != OutputKind::Dynamic).collect()
                }
                _ => vec![true],
            };
            for (output, _) in plain.iter().enumerate().filter(|(_, plain)| **plain) {
                let count = &mut layout.counts[node.scope.0];
                layout.cells.insert(PortRef { node: *id, output }, *count);
                *count += 1;
            }
            if !matches!(node.kind, Kind::Element) {
                layout.order.entry(node.scope).or_default().push(*id);
            }
        }
        for scope in (1..graph.scopes.len()).map(ScopeId) {
            let Some(parent) = graph.scope(scope).parent else { continue };
            if layout.is_used(scope) && !matches!(graph.scope(scope).source, Source::Fold(_)) {
                layout.children.entry(parent).or_default().push(scope);
            }
        }
        layout
    }

    /// Whether anything happens in a scope, or comes out of it.
    fn is_used(&self, scope: ScopeId) -> bool {
        // What reads a stream must, or the stream holds its producer back.
        let reads = !self.graph.scope(scope).source.streams().is_empty();
        reads
            || self.graph.nodes.iter().any(|node| match &node.kind {
                Kind::Element => false,
                Kind::Collect { over, .. } | Kind::Stream { over } if *over == scope => true,
                _ => self.graph.contains(scope, node.scope),
            })
    }

    fn cell(&self, port: PortRef) -> usize {
        match self.cells.get(&port) {
            Some(cell) => *cell,
            None => unreachable!("only plain outputs are taken as values"),
        }
    }

    /// A port, as seen from a scope that is in its scope.
    fn place(&self, from: ScopeId, port: PortRef) -> Place {
        let scope = self.graph.scope_of(port);
        let up = self.graph.ancestry(from).take_while(|around| *around != scope).count();
        Place { up, cell: self.cell(port), captured: 0 }
    }

    fn stream(&self, from: ScopeId, stream: StreamRef) -> StreamArg {
        StreamArg { place: self.place(from, stream.port), depth: stream.depth }
    }

    fn node(&self, id: NodeId) -> NodePlan {
        let node = self.graph.node(id);
        let outputs = node.op().map_or(1, |op| op.spec.outputs.len());
        let cells = (0..outputs).map(|output| self.cells.get(&PortRef { node: id, output }));
        let gathers = matches!(node.kind, Kind::Collect { .. } | Kind::Stream { .. });
        let args = node.inputs.iter().filter(|_| !gathers).map(|input| match input {
            RawInput::Value(value) => Arg::Value(value.clone()),
            RawInput::Port(port) => Arg::Cell { place: self.place(node.scope, *port), last: false },
        });
        NodePlan {
            scope: node.scope,
            cells: cells.map(Option::<&usize>::copied).collect(),
            args: args.collect(),
            after: node.after.iter().map(|port| self.place(node.scope, *port)).collect(),
            is_local: true,
            work: self.work(id),
        }
    }

    fn work(&self, id: NodeId) -> Work {
        let node = self.graph.node(id);
        match &node.kind {
            Kind::Element => Work::Element,
            Kind::Wire(wire) => Work::Wire(*wire),
            Kind::Collect { over, .. } => Work::Collect(self.collect(id, *over)),
            Kind::Stream { .. } => Work::Stream,
            Kind::Fold(fold) => {
                let [RawInput::Port(port), ..] = node.inputs.as_slice() else {
                    unreachable!("a fold's first input is a stream")
                };
                let stream = StreamRef { port: *port, depth: fold.depth };
                Work::Fold(FoldPlan {
                    stream: self.stream(node.scope, stream),
                    body: fold.body,
                    result: self.cell(fold.result),
                    may_skip: may_skip(self.graph, self.waits, fold.result.node),
                })
            }
            Kind::Op(op) => {
                let children = self.children.get(&node.scope).map_or(&[][..], Vec::as_slice);
                let output = |copies: &Option<ScopeId>| match copies {
                    None => OutputPlan::Plain,
                    Some(copies) => match children.iter().position(|child| child == copies) {
                        None => OutputPlan::Unused,
                        Some(child) => OutputPlan::FanOut(child),
                    },
                };
                Work::Op(Box::new(OpPlan {
                    name: op.name.clone(),
                    op_name: op.op_name,
                    op_type: op.op_type,
                    op_path: op.op_path,
                    behavior: op.behavior.clone(),
                    spec: op.spec.clone(),
                    outputs: op.fan_outs.iter().map(output).collect(),
                }))
            }
        }
    }

    fn scope(&self, id: ScopeId) -> ScopePlan {
        let scope = self.graph.scope(id);
        let parent = scope.parent.unwrap_or(ScopeId::ROOT);
        let nodes = self.order.get(&id).cloned().unwrap_or_default();
        let children = self.children.get(&id).cloned().unwrap_or_default();
        let feed = match &scope.source {
            Source::Root => Feed::Root,
            Source::Emitted(port) => Feed::Emitted { node: port.node, output: port.output },
            Source::Replay(of) => Feed::Replay(self.stream(parent, *of)),
            Source::Zip(zip) => Feed::Zip {
                left: self.stream(parent, zip.left),
                right: self.stream(parent, zip.right),
                pair: zip.pair,
                name: zip.name.clone(),
            },
            Source::Batch { of, size, gather } => {
                Feed::Batch { of: self.stream(parent, *of), size: *size, gather: *gather }
            }
            Source::Fold(_) => Feed::Fold,
        };
        let owner = scope.max_concurrent.map(|limit| limit.owner);
        let levels =
            |owner: ScopeId| self.graph.ancestry(id).take_while(|around| *around != owner).count();
        let shared_below = self.graph.scopes.iter().enumerate().filter_map(|(place, other)| {
            let limit = other.max_concurrent?;
            let shared = limit.owner == id && other.parent != Some(id);
            shared.then_some((ScopeId(place), limit.limit))
        });
        ScopePlan {
            parent: scope.parent,
            origin: scope.stage_of.unwrap_or(id),
            feed,
            shape: shape(self.graph, id, &nodes, children.is_empty()),
            window: match scope.window {
                _ if !self.holds_back[id.0] => Window::Unbounded,
                Some(keys) => Window::Keys(keys),
                None => Window::Default,
            },
            max_concurrent: scope.max_concurrent.map(|limit| limit.limit),
            limit_owner: owner.filter(|owner| Some(*owner) != scope.parent).map(levels),
            owned_limits: shared_below.collect(),
            uses: vec![0; self.counts[id.0]],
            elements: scope.elements.iter().map(|node| self.cell(PortRef::first(*node))).collect(),
            nodes,
            children,
            gathers: self.gathers(id),
            captures: Vec::new(),
            outer_cells: Vec::new(),
        }
    }

    fn collect(&self, id: NodeId, over: ScopeId) -> CollectPlan {
        let siblings = self.children.get(&self.graph.node(id).scope);
        let child = siblings.and_then(|siblings| siblings.iter().position(|child| *child == over));
        let Some(child) = child else {
            unreachable!("a collect is over a fan-out of its instance")
        };
        let before = &self.graph.nodes[..id.0];
        CollectPlan {
            child,
            sink: before.iter().filter(|node| node.gathers() == Some(over)).count(),
        }
    }

    /// In the order of the nodes.
    fn gathers(&self, scope: ScopeId) -> Vec<GatherPlan> {
        let nodes = self.graph.nodes.iter().enumerate();
        let mut gathers: Vec<_> = nodes
            .filter_map(|(place, node)| {
                let id = NodeId(place);
                let kind = match &node.kind {
                    Kind::Collect { over, gather } if *over == scope => {
                        GatherKind::Collect(*gather)
                    }
                    Kind::Stream { over } if *over == scope => {
                        GatherKind::Stream { kept: self.is_kept(id) }
                    }
                    _ => return None,
                };
                let cells = node.input_ports().map(|port| self.cell(port));
                let cells = cells.map(|cell| Taken { cell, last: false }).collect();
                Some(GatherPlan { node: id, cells, kind })
            })
            .collect();
        let mut taken = HashSet::new();
        for cell in gathers.iter_mut().rev().flat_map(|gather| gather.cells.iter_mut().rev()) {
            cell.last = taken.insert(cell.cell);
        }
        gathers
    }

    /// Whether what was read of a stream is kept: unless it has one reader, which begins when it does.
    fn is_kept(&self, stream: NodeId) -> bool {
        self.readers(stream, 1) != Readers::One
    }

    /// Who reads a stream that stands so deep in the streams around it.
    fn readers(&self, stream: NodeId, depth: usize) -> Readers {
        let home = self.graph.node(stream).scope;
        let mut readers = Readers::None;
        for scope in &self.graph.scopes {
            for of in scope.source.streams().iter().filter(|of| of.port.node == stream) {
                readers = readers.and(scope.parent == Some(home) && of.depth == depth);
            }
        }
        for (place, node) in self.graph.nodes.iter().enumerate() {
            if !node.input_ports().any(|port| port.node == stream) {
                continue;
            }
            readers = match &node.kind {
                Kind::Fold(fold) => readers.and(node.scope == home && fold.depth == depth),
                Kind::Stream { over } if *over == home => {
                    readers.and(self.readers(NodeId(place), depth + 1) == Readers::One)
                }
                _ => Readers::Many,
            };
        }
        readers
    }
}

/// Who reads a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readers {
    None,
    /// One reader, which begins when the stream does.
    One,
    /// Several, or some that begin later.
    Many,
}

impl Readers {
    /// One reader more, which begins with the stream or later.
    fn and(self, with_the_stream: bool) -> Self {
        if self == Self::None && with_the_stream { Self::One } else { Self::Many }
    }
}

/// Counts, for each cell, how often its value is taken in one instance of its scope.
fn count_uses(plan: &mut Plan) {
    for cell in plan.outputs.clone() {
        plan.scopes[ScopeId::ROOT.0].uses[cell] += 1;
    }
    for place in 0..plan.scopes.len() {
        let ScopePlan { gathers, uses, .. } = &mut plan.scopes[place];
        for taken in gathers.iter().flat_map(|gather| &gather.cells) {
            uses[taken.cell] += 1;
        }
    }
    let folds = plan.nodes.iter().filter_map(|node| match &node.work {
        Work::Fold(fold) => Some((fold.body, fold.result)),
        _ => None,
    });
    for (body, result) in folds.collect::<Vec<_>>() {
        plan.scopes[body.0].uses[result] += 1;
    }
    let mut captured: HashSet<(ScopeId, usize)> = HashSet::new();
    for place in 0..plan.nodes.len() {
        let scope = plan.nodes[place].scope;
        let args = plan.nodes[place].args.iter().filter_map(|arg| match arg {
            Arg::Cell { place, .. } => Some(*place),
            Arg::Value(_) => None,
        });
        for place in args.collect::<Vec<_>>() {
            use_place(plan, scope, place, &mut captured);
        }
        // An order needs the cell to be settled, and not its value.
        for place in plan.nodes[place].after.clone() {
            if place.up > 0 {
                use_place(plan, scope, place, &mut captured);
            }
        }
    }
    for place in 0..plan.scopes.len() {
        let Some(parent) = plan.scopes[place].parent else { continue };
        let streams = match &plan.scopes[place].feed {
            Feed::Replay(of) | Feed::Batch { of, .. } => vec![*of],
            Feed::Zip { left, right, .. } => vec![*left, *right],
            Feed::Root | Feed::Emitted { .. } | Feed::Fold => Vec::new(),
        };
        for stream in streams {
            use_place(plan, parent, stream.place, &mut captured);
        }
    }
}

/// Counts one use of a cell by a scope.
fn use_place(
    plan: &mut Plan,
    scope: ScopeId,
    place: Place,
    captured: &mut HashSet<(ScopeId, usize)>,
) {
    if place.up == 0 {
        plan.scopes[scope.0].uses[place.cell] += 1;
        return;
    }
    let outer = (place.up, place.cell);
    if !plan.scopes[scope.0].outer_cells.contains(&outer) {
        plan.scopes[scope.0].outer_cells.push(outer);
    }
    // To the cell's own scope, all that is read in one of its fan-outs is one use, which ends with the fan-out.
    let mut child = scope;
    for _ in 1..place.up {
        child = plan.scopes[child.0].parent.unwrap_or(ScopeId::ROOT);
    }
    if captured.insert((child, place.cell)) {
        plan.scopes[child.0].captures.push(place.cell);
        let home = plan.scopes[child.0].parent.unwrap_or(ScopeId::ROOT);
        plan.scopes[home.0].uses[place.cell] += 1;
    }
}

/// Says of every place further up where it stands among the outer cells of its scope.
fn place_captured(plan: &mut Plan) {
    for node in &mut plan.nodes {
        let outer = &plan.scopes[node.scope.0].outer_cells;
        let args = node.args.iter_mut().filter_map(|arg| match arg {
            Arg::Cell { place, .. } => Some(place),
            Arg::Value(_) => None,
        });
        for place in args.chain(&mut node.after).filter(|place| place.up > 0) {
            let captured = outer.iter().position(|outer| *outer == (place.up, place.cell));
            let Some(captured) = captured else { unreachable!("what is read was counted") };
            place.captured = captured;
            node.is_local = false;
        }
    }
}

/// In a chain, where the order is fixed, says at each use whether it is the last.
fn mark_last_uses(plan: &mut Plan) {
    let results: HashMap<ScopeId, usize> = plan
        .nodes
        .iter()
        .filter_map(|node| match &node.work {
            Work::Fold(fold) => Some((fold.body, fold.result)),
            _ => None,
        })
        .collect();
    for (id, scope) in plan.scopes.iter().enumerate() {
        if scope.shape == Shape::Graph {
            continue;
        }
        let mut taken: HashSet<usize> =
            scope.gathers.iter().flat_map(|gather| &gather.cells).map(|taken| taken.cell).collect();
        taken.extend(results.get(&ScopeId(id)));
        for node in scope.nodes.iter().rev() {
            let node = &mut plan.nodes[node.0];
            // A node's first input is taken last.
            for arg in &mut node.args {
                if let Arg::Cell { place, last } = arg
                    && place.up == 0
                {
                    *last = taken.insert(place.cell);
                }
            }
            // Whether they are there is asked before anything is taken.
            for after in &node.after {
                if after.up == 0 {
                    taken.insert(after.cell);
                }
            }
        }
    }
}
