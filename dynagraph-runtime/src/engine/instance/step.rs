//! One step of an instance, from its first attempt to what becomes of its outputs.

use std::cell::OnceCell;
use std::sync::Arc;

use tokio::time::Instant;

use super::Instance;
use crate::engine::Engine;
use crate::engine::again::Order;
use crate::engine::attempt::{AttemptResult, StepEnvironment, conforming, start};
use crate::engine::fan_out::Ending;
use crate::engine::hop::Hop;
use crate::engine::in_flight::InFlight;
use crate::engine::key_slot::{Held, KeySlot};
use crate::engine::ledger::{Ended, How};
use crate::engine::limit::Lendable;
use crate::engine::outcome::Outcome;
use crate::engine::port::{OutputPort, SharedEmissions};
use crate::engine::selecting::Recalled;
use crate::engine::storing::{self, Known};
use crate::engine::verdict::Verdict;
use crate::error::StepError;
use crate::event::Metadata;
use crate::graph::{NodeId, ScopeId};
use crate::op::{Given, List, Output, OutputSpec, Outputs, Port, Returned, Running};
use crate::plan::{NodePlan, OpPlan, OutputPlan};
use crate::sync::lock;
use crate::value::Erased;

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

    /// How it was run so far.
    fn how(&self, known: Known) -> How {
        let Self { node, attempt: attempts, began, .. } = *self;
        How { attempts, began, known, ..How::at_once(node) }
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

impl Instance {
    /// Runs a step whose inputs are ready.
    pub(super) async fn step(
        &self,
        id: NodeId,
        node: &NodePlan,
        op: &OpPlan,
        mut inputs: Vec<Erased>,
    ) {
        let engine = &self.engine;
        let path = || self.frame.path.clone();
        let Some(known) = self.recall(id, node, op, &mut inputs).await else { return };
        self.slot.enter().await;
        let mut slots = engine.slots(id).await;
        let mut trying = Trying::new(engine, id, op, inputs);
        let (result, metadata) = loop {
            let lendable = Lendable::new(Arc::clone(engine), id, slots);
            let ports = self.ports(id, op, &trying, &lendable);
            let in_flight = InFlight::new(engine, id, trying.attempt, path);
            let held = (Lent(lendable), KeySlot::hold(&self.slot));
            let (result, metadata) = self.attempt(&mut trying, &ports, held).await;
            // Each of them, whichever is broken.
            let broken: Vec<_> = ports.iter().flatten().map(|port| port.close()).collect();
            let broken = broken.into_iter().flatten().next();
            let result = match (broken, result) {
                (Some(broken), _) => Err(StepError::Emit(broken)),
                (None, Ok(returned)) => conforming(op, returned)
                    .and_then(|returned| check_lists(&returned, &ports).map(|()| returned)),
                (None, Err(error)) => Err(error),
            };
            let error = match result {
                Ok(returned) => {
                    let how = &mut trying.how(known.clone());
                    let returned = self.keep(op, how, &ports, returned).await;
                    break in_flight.ended_with((Ok(returned), metadata));
                }
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
        let how = How { metadata, ..trying.how(known) };
        self.settle(node, op, &trying.emissions, result, how);
    }

    /// Ends a step with what the run's store has of it, or because it is not selected, before it takes any slot. If it is to
    /// be run, says what is known of it.
    async fn recall(
        &self,
        id: NodeId,
        node: &NodePlan,
        op: &OpPlan,
        inputs: &mut Vec<Erased>,
    ) -> Option<Known> {
        let engine = &self.engine;
        if !engine.recalls() || engine.stop.is_stopped() {
            return Some(Known::default());
        }
        // The keys of a fan-out are held back by its lanes.
        if self.frame.scope == ScopeId::ROOT && engine.is_behind() {
            Box::pin(engine.room_in_store()).await;
        }
        let path = || self.frame.path.clone();
        match engine.recall(id, op, inputs, path) {
            Recalled::Run(known) => return Some(known),
            Recalled::Given(known, returned) => {
                inputs.clear();
                let how = How { known, ..How::at_once(id) };
                self.settle(node, op, &[], Ok(returned), how);
            }
            Recalled::LeftOut(ended, missing) => {
                inputs.clear();
                engine.record(ended, path);
                self.without_value(node, op, &missing);
            }
        }
        None
    }

    /// Makes one attempt. Also says what it said of its outputs.
    async fn attempt(
        &self,
        trying: &mut Trying,
        ports: &[Option<Arc<OutputPort>>],
        held: (Lent, Held),
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
            let hopped = hop.call(engine, held).await;
            return (hopped.result, hopped.info.take_metadata());
        }
        let info = OnceCell::new();
        let environment = StepEnvironment { engine, node, attempt, path, ports: &ports, info };
        let mut running = Running::default();
        let started = start(rules, &mut inputs, &environment, &mut running, None);
        let info = environment.into_info();
        let result = match started.end(running) {
            Ok(result) => result,
            // Ops of the job itself have a task each, so that they use all workers.
            Err(future) if self.frame.scope == ScopeId::ROOT => {
                let (done, result) = tokio::sync::oneshot::channel();
                engine.spawn(|| async move {
                    // Nobody waits for the result once the run is dropped.
                    let _unsent = done.send(future.await);
                });
                match result.await {
                    Ok(result) => result,
                    Err(_) => std::future::pending().await,
                }
            }
            Err(future) => future.await,
        };
        drop(held);
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
                output,
                attempt: trying.attempt,
                may_block: self.engine.rules(id).blocking,
                fan_out,
                slots: Arc::clone(slots),
                emissions: trying.emissions[output].clone(),
                state: std::sync::Mutex::default(),
            }))
        };
        op.spec.outputs.iter().enumerate().map(port).collect()
    }

    /// Tells the run's store, if it has one, what a step gave.
    async fn keep(
        &self,
        op: &OpPlan,
        how: &mut How,
        ports: &[Option<Arc<OutputPort>>],
        returned: Returned,
    ) -> Returned {
        let Some(storing) = &self.engine.storing else { return returned };
        let emitted =
            |port: &Option<Arc<OutputPort>>| port.as_ref().map_or(0, |port| port.stored());
        let emitted = ports.iter().map(emitted).collect();
        let step = storing::Step { op, path: self.frame.path.clone(), how };
        // Most runs have no store, and need no room for it.
        Box::pin(storing.keep(&self.engine, step, returned, emitted)).await
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
                let mut ended = engine.ended_badly(how, error);
                let cause = engine.cause_of(&mut ended, path);
                engine.record(ended, path);
                return self.without_value(node, op, &Outcome::Failed(cause));
            }
        };
        engine.record(Ended::success(how), path);
        let outputs = match returned.0 {
            Outputs::One(output) => vec![output],
            Outputs::Many(outputs) => outputs.into_vec(),
        };
        let single = outputs.len() == 1;
        let order = |place: usize| {
            emissions.get(place)?.as_ref().and_then(|emissions| lock(emissions).order())
        };
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
                    fan_out.settle_order(order(place));
                    fan_out.close(Ending::Done);
                }
                (Given::List(list), OutputPlan::Unused) => {
                    self.emit_unused(id, op.spec.outputs[place].name, list);
                }
                (_, OutputPlan::Unused) => {
                    let order = order(place);
                    for place in order.iter().flat_map(Order::discarded) {
                        engine.discarded.add_unused(id, &self.frame.path, place);
                    }
                }
            }
        }
    }

    /// Emits the keys of a list that nothing uses.
    fn emit_unused(&self, id: NodeId, output: &'static str, mut list: Box<dyn List>) {
        let Self { engine, frame, .. } = self;
        if engine.listeners.any() {
            list.each_key(&mut |key| engine.tell_emitted(id, &frame.path, output, key));
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
    pub(super) fn without_value(&self, node: &NodePlan, op: &OpPlan, missing: &Outcome) {
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
    for (Output(given), port) in returned.outputs().iter().zip(ports) {
        if let (Given::List(list), Some(port)) = (given, port) {
            list.check_keys(port.name).map_err(StepError::Emit)?;
        }
    }
    Ok(())
}
