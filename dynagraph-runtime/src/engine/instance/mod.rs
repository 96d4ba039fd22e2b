//! Runs one instance of a scope: here a key becomes a running copy.
//!
//! Everything in the instance that may wait is a future of its own: an op waits for its inputs, a collect for its
//! fan-out, a fold for the next value. They meet in the instance's cells, and in nothing else.

mod step;

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};

use super::cause::Cause;
use super::fan_out::{Elements, FanOut, Item};
use super::frame::Frame;
use super::key_slot::KeySlot;
use super::outcome::{Fate, Outcome};
use super::sink::Sink;
use super::stream::StreamValue;
use super::{Engine, feed, fold, gather, wire};
use crate::graph::{NodeId, ScopeId, Wire};
use crate::plan::{Arg, Feed, GatherPlan, NodePlan, OpPlan, Work};
use crate::value::Erased;

/// One instance, and its fan-outs.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) engine: Arc<Engine>,
    pub(super) frame: Arc<Frame>,
    pub(super) fan_outs: Vec<Arc<FanOut>>,
    slot: Arc<KeySlot>,
}

type Fiber<'a> = BoxFuture<'a, ()>;

/// Runs the instance of a key.
pub(super) async fn run(fan_out: &Arc<FanOut>, item: Item, slot: KeySlot) {
    let Item { index, key, elements } = item;
    let mut instance =
        Instance::new(&fan_out.engine, fan_out.scope, Some(&fan_out.frame), elements, |outer| {
            outer.path.child(key.clone(), index)
        });
    instance.slot = Arc::new(slot);
    let gathers = fan_out.plan().gathers.iter().zip(&fan_out.sinks);
    let deliveries = gathers.map(|(gather, sink)| -> Fiber<'_> {
        let key = &key;
        let instance = &instance;
        Box::pin(async move { instance.deliver(gather, sink, index, key).await })
    });
    instance.run_with(deliveries).await;
}

/// Runs the job, and gives its outputs.
pub(super) async fn run_root(engine: &Arc<Engine>) -> Vec<Outcome> {
    let none = Elements::Many(Vec::new());
    let root = Instance::new(engine, ScopeId::ROOT, None, none, |_| unreachable!("no parent"));
    root.run_alone().await;
    engine.plan.outputs.iter().map(|cell| root.frame.cell(*cell).take()).collect()
}

impl Instance {
    pub(super) fn new(
        engine: &Arc<Engine>,
        scope: ScopeId,
        outer: Option<&Arc<Frame>>,
        elements: Elements,
        path: impl FnOnce(&Frame) -> crate::key::KeyPath,
    ) -> Self {
        let path = outer.map_or_else(crate::key::KeyPath::root, |outer| path(outer));
        let frame = Frame::new(&engine.plan, scope, outer.map(Arc::clone), path);
        let plan = engine.plan.scope(scope);
        let places = &plan.elements;
        elements.each(|place, outcome| frame.cell(places[place]).set(outcome));
        let fan_outs = plan.children.iter().map(|child| FanOut::new(engine, *child, &frame));
        let fan_outs = fan_outs.collect();
        Self { engine: Arc::clone(engine), frame, fan_outs, slot: Arc::default() }
    }

    /// Runs every node and every fan-out to its end, beside `others`.
    pub(super) async fn run_with<'a>(&'a self, others: impl Iterator<Item = Fiber<'a>>) {
        self.open_streams();
        let plan = self.engine.plan.scope(self.frame.scope);
        let mut fibers: FuturesUnordered<Fiber<'a>> = others.collect();
        for &id in &plan.nodes {
            let node = self.engine.plan.node(id);
            match &node.work {
                Work::Element | Work::Stream => {}
                Work::Op(op) => fibers.push(Box::pin(self.op(id, node, op))),
                Work::Wire(wire) => fibers.push(Box::pin(self.wire(node, *wire))),
                Work::Collect(of) => fibers.push(Box::pin(gather::collect(self, id, *of))),
                Work::Fold(of) => fibers.push(Box::pin(fold::run(self, node, of))),
            }
        }
        for fan_out in &self.fan_outs {
            if !matches!(fan_out.plan().feed, Feed::Emitted { .. }) {
                fibers.push(Box::pin(feed::run(self, fan_out)));
            }
            fibers.push(Box::pin(fan_out.ended()));
        }
        while fibers.next().await.is_some() {}
    }

    /// Runs every node and every fan-out to its end.
    pub(super) fn run_alone(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.run_with(std::iter::empty()))
    }

    /// A stream is there from the beginning: it is read while it grows.
    fn open_streams(&self) {
        for fan_out in &self.fan_outs {
            for (gather, sink) in fan_out.plan().gathers.iter().zip(&fan_out.sinks) {
                if let Sink::Stream(stream) = sink {
                    let value = Erased::new(StreamValue(Arc::clone(stream)));
                    self.set(self.engine.plan.node(gather.node), 0, Outcome::Ready(value));
                }
            }
        }
    }

    /// Waits for what a gather takes of this instance, and passes it on.
    async fn deliver(
        &self,
        gather: &GatherPlan,
        sink: &Sink,
        index: u64,
        key: &crate::key::MappingKey,
    ) {
        for taken in &gather.cells {
            self.frame.cell(taken.cell).settled().await;
        }
        let mut buffer = sink.buffer();
        let values = gather.cells.iter().map(|taken| self.frame.cell(taken.cell).take());
        let values = values.map(|value| value.leaving(|| self.frame.copy()));
        buffer.add(&self.engine, index, key, values);
        sink.absorb(&mut buffer);
    }

    pub(super) fn set(&self, node: &NodePlan, output: usize, outcome: Outcome) {
        if let Some(Some(cell)) = node.cells.get(output) {
            self.frame.cell(*cell).set(outcome);
        }
    }

    /// Waits for everything that a node needs, and takes it if all of it is ready, the first of its inputs last; if not, says
    /// what becomes of the node.
    pub(super) async fn inputs(&self, node: &NodePlan) -> Result<Vec<Erased>, Outcome> {
        let mut fate = Fate::Ready;
        for arg in &node.args {
            if let Arg::Cell { place, .. } = arg {
                fate = fate.and(self.frame.at(*place).settled().await);
            }
        }
        for place in &node.after {
            fate = fate.and(self.frame.at(*place).settled().await);
        }
        let mut inputs = Vec::with_capacity(node.args.len());
        for arg in node.args.iter().rev() {
            let outcome = match arg {
                Arg::Value(value) => Outcome::Ready(value.clone()),
                Arg::Cell { place, .. } if place.up == 0 => self.frame.at(*place).take(),
                Arg::Cell { place, .. } => self.frame.at(*place).share(),
            };
            if let Outcome::Ready(value) = outcome {
                inputs.push(value);
            }
        }
        match fate {
            Fate::Ready => Ok(inputs),
            fate => Err(fate.without_value(|| Cause::of_inputs(node, &self.frame))),
        }
    }

    async fn wire(&self, node: &NodePlan, wire: Wire) {
        let outcome = match self.inputs(node).await {
            Ok(mut inputs) => wire::run(&self.engine, wire, &mut inputs),
            Err(missing) => missing,
        };
        self.set(node, 0, outcome);
    }

    async fn op(&self, id: NodeId, node: &NodePlan, op: &OpPlan) {
        match self.inputs(node).await {
            Ok(inputs) => self.step(id, node, op, inputs).await,
            Err(missing) => {
                let path = || self.frame.path.clone();
                let (ended, missing) = self.engine.unstarted(id, missing, path);
                self.engine.record(ended, path);
                self.without_value(node, op, &missing);
            }
        }
    }
}
