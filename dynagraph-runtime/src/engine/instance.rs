//! Runs one instance of a scope: here a key becomes a running copy.
//!
//! Everything in the instance that may wait is a future of its own: an op waits for its inputs, a collect for its
//! fan-out, a fold for the next value. They meet in the instance's cells, and in nothing else.

use std::cell::OnceCell;
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::time::Instant;

use super::attempt::{Attempt, AttemptResult, StepEnvironment, conforming, start};
use super::cause::Cause;
use super::cell::lock;
use super::fan_out::{Elements, Ending, FanOut, Item};
use super::frame::Frame;
use super::hop::Hop;
use super::key_slot::KeySlot;
use super::lane::InFlight;
use super::ledger::{Ended, How};
use super::limit::Lendable;
use super::outcome::{Fate, Outcome};
use super::port::{OutputPort, SharedEmissions};
use super::sink::{Sink, SinkBuffer};
use super::stream::StreamValue;
use super::verdict::Verdict;
use super::{Engine, feed, fold, gather, wire};
use crate::error::StepError;
use crate::event::Metadata;
use crate::graph::{NodeId, ScopeId, Wire};
use crate::op::{EmitError, Given, List, Output, OutputSpec, Outputs, Port, Returned};
use crate::plan::{Arg, Feed, GatherPlan, NodePlan, OpPlan, OutputPlan, Work};
use crate::step::StepStatus;
use crate::value::Erased;

/// One instance, and its fan-outs.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) engine: Arc<Engine>,
    pub(super) frame: Arc<Frame>,
    pub(super) fan_outs: Vec<Arc<FanOut>>,
    slot: KeySlot,
}

type Fiber<'a> = BoxFuture<'a, ()>;

/// A step on its way.
struct Trying {
    node: NodeId,
    /// Which attempt it is at, counted from 1.
    attempt: u32,
    /// When the first one began.
    began: Option<Instant>,
    /// What the next attempt is given.
    kept: Vec<Erased>,
    /// For every output, what was emitted, if another attempt may emit it again.
    emissions: Vec<Option<SharedEmissions>>,
}

impl Trying {
    fn new(engine: &Engine, node: NodeId, op: &OpPlan, inputs: Vec<Erased>) -> Self {
        let retries = engine.rules(node).retry.is_some();
        let emissions = |output: &OutputSpec| (retries && output.emitted).then(Arc::default);
        let emissions = op.spec.outputs.iter().map(emissions).collect();
        Self { node, attempt: 1, began: engine.clock(), kept: inputs, emissions }
    }

    /// Goes on to the next attempt.
    fn retry(&mut self) {
        self.attempt += 1;
        for emissions in self.emissions.iter().flatten() {
            lock(emissions).retry();
        }
    }

    /// The inputs of an attempt; they are kept if another one may follow.
    fn inputs(&mut self, another_may_follow: bool) -> Vec<Erased> {
        if another_may_follow { self.kept.clone() } else { std::mem::take(&mut self.kept) }
    }
}

/// The slots of an attempt, until it is dropped.
struct Lent(Arc<Lendable>);

impl Drop for Lent {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

/// Runs the instance of a key.
pub(super) async fn run(fan_out: &Arc<FanOut>, item: Item, slot: KeySlot) {
    let Item { index, key, elements } = item;
    let mut instance =
        Instance::new(&fan_out.engine, fan_out.scope, Some(&fan_out.frame), elements, |outer| {
            outer.path.child(key.clone(), index)
        });
    instance.slot = slot;
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
        Self { engine: Arc::clone(engine), frame, fan_outs, slot: KeySlot::default() }
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
                Work::Collect(by) => fibers.push(Box::pin(gather::collect(self, id, *by))),
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
        for cell in &gather.cells {
            self.frame.cell(*cell).settled().await;
        }
        let mut buffer = SinkBuffer::new(gather.kind);
        let values = gather.cells.iter().map(|cell| self.frame.cell(*cell).take());
        let values = values.map(|value| value.leaving(|| self.frame.copy()));
        buffer.add(index, key, values);
        sink.absorb(&mut buffer);
    }

    pub(super) fn set(&self, node: &NodePlan, output: usize, outcome: Outcome) {
        if let Some(Some(cell)) = node.cells.get(output) {
            self.frame.cell(*cell).set(outcome);
        }
    }

    /// Waits for everything that a node needs, and takes it if all of it is ready; if not, says what becomes of the node.
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
        for arg in &node.args {
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
                let status = StepStatus::of_unstarted(missing.fate() == Fate::Failed);
                self.engine.record(Ended::unstarted(id, status), || self.frame.path.clone());
                self.without_value(node, op, &missing);
            }
        }
    }

    /// Runs a step whose inputs are ready.
    async fn step(&self, id: NodeId, node: &NodePlan, op: &OpPlan, inputs: Vec<Erased>) {
        let engine = &self.engine;
        let path = || self.frame.path.clone();
        self.slot.enter().await;
        let mut slots = engine.slots(id).await;
        let mut trying = Trying::new(engine, id, op, inputs);
        let (result, metadata) = loop {
            let lendable = Lendable::new(Arc::clone(engine), id, slots);
            let ports = self.ports(id, op, &trying, &lendable);
            let in_flight = InFlight::new(engine, id, trying.attempt, path);
            let (result, metadata) = self.attempt(&mut trying, &ports, Lent(lendable)).await;
            let broken = ports.iter().flatten().find_map(|port| port.close());
            let result = match (broken, result) {
                (Some(broken), _) => Err(StepError::Emit(broken)),
                (None, Ok(returned)) => conforming(Some(op), returned)
                    .and_then(|returned| check_lists(&returned, &ports).map(|()| returned)),
                (None, Err(error)) => Err(error),
            };
            let error = match result {
                Ok(returned) => break in_flight.ended_with((Ok(returned), metadata)),
                Err(error) => error,
            };
            let Verdict::Again(delay) = engine.verdict(id, trying.attempt, &error, path) else {
                break in_flight.ended_with((Err(error), metadata));
            };
            engine.up_for_retry((id, trying.attempt), error, delay, path);
            if delay.is_zero() {
                tokio::task::yield_now().await;
            } else {
                self.slot.rest(tokio::time::sleep(delay)).await;
            }
            slots = engine.slots(id).await;
            in_flight.ended();
            trying.retry();
        };
        self.slot.leave();
        let (attempts, began) = (trying.attempt, trying.began);
        let how = How { node: id, attempts, began, metadata };
        self.settle(node, op, &trying.emissions, result, how);
    }

    /// Makes one attempt. Also says what it said of its outputs.
    async fn attempt(
        &self,
        trying: &mut Trying,
        ports: &[Option<Arc<OutputPort>>],
        lent: Lent,
    ) -> (AttemptResult, Metadata) {
        let engine = &self.engine;
        let (node, attempt) = (trying.node, trying.attempt);
        let rules = engine.rules(node);
        let mut inputs = trying.inputs(rules.may_follow(attempt));
        let path = || self.frame.path.clone();
        let ports: Vec<_> = ports
            .iter()
            .map(|port| port.as_ref().map(|port| Arc::clone(port) as Arc<dyn Port>))
            .collect();
        if rules.blocking {
            let hop = Hop { node, path: path(), attempt, inputs, ports };
            let hopped = hop.call(engine, lent).await;
            return (hopped.result, hopped.info.take_metadata());
        }
        let info = OnceCell::new();
        let environment = StepEnvironment { engine, node, attempt, path, ports: &ports, info };
        let started = start(rules, &mut inputs, &environment);
        let info = environment.info.into_inner();
        let result = match started {
            Attempt::Ended(result) => result,
            // Ops of the job itself have a task each, so that they use all workers.
            Attempt::Running(future) if self.frame.scope == ScopeId::ROOT => {
                let (done, result) = tokio::sync::oneshot::channel();
                engine.spawn(async move {
                    // Nobody waits for the result once the run is dropped.
                    let _unsent = done.send(future.await);
                });
                match result.await {
                    Ok(result) => result,
                    Err(_) => std::future::pending().await,
                }
            }
            Attempt::Running(future) => future.await,
        };
        drop(lent);
        (result, info.map(|info| info.take_metadata()).unwrap_or_default())
    }

    fn ports(
        &self,
        id: NodeId,
        op: &OpPlan,
        trying: &Trying,
        slots: &Arc<Lendable>,
    ) -> Vec<Option<Arc<OutputPort>>> {
        let port = |(output, spec): (usize, &OutputSpec)| {
            let fan_out = match op.outputs.get(output)? {
                OutputPlan::Plain => return None,
                OutputPlan::Unused => None,
                OutputPlan::FanOut(child) => Some(Arc::clone(&self.fan_outs[*child])),
            };
            Some(Arc::new(OutputPort {
                engine: Arc::clone(&self.engine),
                node: id,
                path: self.frame.path.clone(),
                name: spec.name,
                may_block: self.engine.rules(id).blocking,
                fan_out,
                slots: Arc::clone(slots),
                emissions: trying.emissions[output].clone(),
                state: std::sync::Mutex::default(),
            }))
        };
        op.spec.outputs.iter().enumerate().map(port).collect()
    }

    /// Passes on what a step gave.
    fn settle(
        &self,
        node: &NodePlan,
        op: &OpPlan,
        emissions: &[Option<SharedEmissions>],
        result: AttemptResult,
        how: How,
    ) {
        let (engine, id) = (&self.engine, how.node);
        let path = || self.frame.path.clone();
        let returned = match result {
            Ok(returned) => returned,
            Err(error) => {
                let ended = engine.ended_badly(how, error);
                let cause = engine.cause_of(&ended, path);
                engine.record(ended, path);
                return self.without_value(node, op, &Outcome::Failed(cause));
            }
        };
        engine.record(Ended::success(how), path);
        let outputs = match returned.0 {
            Outputs::One(output) => vec![output],
            Outputs::Many(outputs) => outputs,
        };
        let single = outputs.len() == 1;
        for (place, Output(given)) in outputs.into_iter().enumerate() {
            match (given, op.outputs[place]) {
                (Given::Value(value), OutputPlan::Plain) => {
                    if single && self.engine.options.keep_values {
                        self.engine.keep_value(id, path(), value.clone());
                    }
                    self.set(node, place, Outcome::Ready(value));
                }
                (_, OutputPlan::Plain) => self.set(node, place, Outcome::Skipped),
                (Given::List(list), OutputPlan::FanOut(child)) => {
                    let fan_out = &self.fan_outs[child];
                    fan_out.settle_order(None);
                    fan_out.feed(list);
                    fan_out.close(Ending::Done);
                }
                (_, OutputPlan::FanOut(child)) => {
                    let fan_out = &self.fan_outs[child];
                    fan_out.settle_order(emissions[place].as_ref().and_then(|of| lock(of).order()));
                    fan_out.close(Ending::Done);
                }
                (Given::List(list), OutputPlan::Unused) => {
                    self.emit_unused(id, op.spec.outputs[place].name, list);
                }
                (_, OutputPlan::Unused) => {}
            }
        }
    }

    /// Emits the keys of a list that nothing uses.
    fn emit_unused(&self, id: NodeId, output: &'static str, mut list: Box<dyn List>) {
        let Self { engine, frame, .. } = self;
        if engine.listeners.any() {
            list.each_key(&mut |key| {
                engine.tell_emitted(id, &frame.path, output, key);
                std::ops::ControlFlow::Continue(())
            });
        }
        if engine.options.keep_values {
            let mut index = 0;
            while let Some((key, value)) = list.next() {
                engine.keep_value(id, frame.path.child(key, index), value);
                index += 1;
            }
        }
    }

    /// Settles the outputs of a step that gave nothing.
    fn without_value(&self, node: &NodePlan, op: &OpPlan, missing: &Outcome) {
        for (place, output) in op.outputs.iter().enumerate() {
            match output {
                OutputPlan::FanOut(child) => self.fan_outs[*child].close(missing.into()),
                OutputPlan::Unused => {}
                OutputPlan::Plain => self.set(node, place, missing.clone()),
            }
        }
    }
}

/// Says whether the keys of every returned list may be emitted. If one may not, none is.
fn check_lists(returned: &Returned, ports: &[Option<Arc<OutputPort>>]) -> Result<(), StepError> {
    let outputs = match &returned.0 {
        Outputs::One(output) => std::slice::from_ref(output),
        Outputs::Many(outputs) => outputs.as_slice(),
    };
    for (Output(given), port) in outputs.iter().zip(ports) {
        let (Given::List(list), Some(port)) = (given, port) else { continue };
        let mut broken: Option<EmitError> = None;
        let mut keys = crate::key::KeySet::default();
        list.each_key(&mut |key| match crate::op::check_key(port.name, key, &mut keys) {
            Ok(()) => std::ops::ControlFlow::Continue(()),
            Err(error) => {
                broken = Some(error);
                std::ops::ControlFlow::Break(())
            }
        });
        if let Some(broken) = broken {
            return Err(StepError::Emit(broken));
        }
    }
    Ok(())
}
