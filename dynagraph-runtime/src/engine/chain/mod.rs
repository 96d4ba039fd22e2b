//! Runs instances whose steps follow one another: the values stay in the lane, and nothing is shared per step.

mod values;

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::Instant;

use values::Values;

use super::Engine;
use super::attempt::{Attempt, AttemptResult, StepEnvironment, conforming, start};
use super::blocking::Blocking;
use super::cause::CopyOf;
use super::fan_out::Elements;
use super::frame::Frame;
use super::hop::{Hop, Hopped};
use super::ledger::{Ended, How, Tally};
use super::outcome::{Fate, Outcome};
use super::sink::SinkBuffer;
use super::verdict::Verdict;
use super::wire;
use crate::graph::{NodeId, ScopeId};
use crate::key::{KeyPath, MappingKey};
use crate::op::{Given, Outputs, Returned, StepInfo};
use crate::plan::{GatherPlan, Place, ScopePlan, Work};
use crate::step::StepStatus;
use crate::value::Erased;

/// What one lane needs to run one instance after the other.
#[derive(Debug)]
pub(super) struct Chain {
    around: Around,
    key: Key,
    values: Values,
    tally: Tally,
    /// The next node.
    at: usize,
    /// The step of the next node.
    step: Step,
    /// Where it says which step it is at, on a thread that may block.
    blocking: Option<Arc<Blocking>>,
}

/// A step on its way.
#[derive(Debug, Default)]
struct Step {
    /// Which attempt was begun last, until the step ends. Zero before the first.
    begun: u32,
    /// How many attempts have failed.
    failed: u32,
    /// When the first one began.
    began: Option<Instant>,
    /// What another attempt would be given.
    kept: Vec<Erased>,
    /// The attempt that runs, as its op sees it.
    info: Option<Arc<StepInfo>>,
}

/// What does not change from instance to instance.
///
/// Apart from the rest, so that a step borrows it: sharing the engine anew for each would make all lanes meet there.
#[derive(Debug)]
struct Around {
    engine: Arc<Engine>,
    scope: ScopeId,
    /// The instance around.
    outer: Arc<Frame>,
}

/// The key of the instance that runs.
#[derive(Debug)]
struct Key {
    index: u64,
    key: MappingKey,
}

/// What a chain cannot do by itself.
pub(super) enum Next {
    /// The instance is done.
    Done,
    /// The run is told to stop.
    Stop,
    /// Wait for an op.
    Wait(NodeId, BoxFuture<'static, AttemptResult>),
    /// Wait before the next attempt.
    Rest(Duration),
    /// Wait until a value of an instance around is there.
    Need(Place),
    /// Take what this node's limits ask for, and call its op.
    Limit(NodeId),
    /// Call a blocking op.
    Block(NodeId),
}

/// Where a chain runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    /// A worker, which must not block.
    Worker,
    /// A thread that may block.
    Thread,
}

impl Around {
    fn plan(&self) -> &ScopePlan {
        self.engine.plan.scope(self.scope)
    }

    fn path(&self, key: &Key) -> KeyPath {
        self.outer.path.child(key.key.clone(), key.index)
    }
}

impl Chain {
    pub(super) fn new(engine: Arc<Engine>, scope: ScopeId, outer: Arc<Frame>) -> Self {
        let plan = engine.plan.scope(scope);
        let values = Values {
            cells: plan.uses.iter().map(|_| None).collect(),
            inputs: Vec::new(),
            captured: plan.outer_cells.iter().map(|_| None).collect(),
        };
        let around = Around { engine, scope, outer };
        let (tally, step) = (Tally::default(), Step::default());
        let key = Key { index: 0, key: 0.into() };
        Self { around, key, values, tally, at: 0, step, blocking: None }
    }

    /// Says from now on which step it is at.
    pub(super) fn blocking(&mut self) -> &Arc<Blocking> {
        let path = &self.around.outer.path;
        self.blocking.get_or_insert_with(|| Arc::new(Blocking::new(path.clone())))
    }

    /// Begins the instance of a key.
    pub(super) fn begin(&mut self, index: u64, key: MappingKey, elements: Elements) {
        self.key = Key { index, key };
        let places = &self.around.plan().elements;
        elements.each(|place, outcome| self.values.cells[places[place]] = Some(outcome));
        self.at = 0;
    }

    /// The key of the instance that runs, and its place.
    pub(super) fn key(&self) -> (u64, &MappingKey) {
        (self.key.index, &self.key.key)
    }

    /// Takes what a cell holds at the end of an instance.
    pub(super) fn give(&mut self, cell: usize) -> Outcome {
        self.values.give(cell, true)
    }

    /// Hands what the instance gave to those who gather it, and forgets the instance.
    pub(super) fn deliver(&mut self, gathers: &[GatherPlan], buffers: &mut [SinkBuffer]) {
        let Self { around, key, values, .. } = self;
        let copy = || CopyOf { scope: around.scope, path: around.path(key) };
        for (gather, buffer) in gathers.iter().zip(buffers) {
            let cells = gather.cells.iter();
            let given = cells.map(|taken| values.give(taken.cell, taken.last).leaving(copy));
            buffer.add(&around.engine, key.index, &key.key, given);
        }
        self.end();
    }

    /// Forgets the instance.
    pub(super) fn end(&mut self) {
        self.values.cells.fill(None);
    }

    /// Tells the ledger of the steps so far.
    pub(super) fn flush(&mut self) {
        self.tally.flush(&self.around.engine.ledger);
    }

    /// Whether every value of the instances around is there.
    pub(super) fn has_captures(&mut self) -> bool {
        let outer = &self.around.plan().outer_cells;
        (0..outer.len()).all(|place| self.values.capture(&self.around.outer, place, outer[place]))
    }

    /// Waits until a value of an instance around is there.
    pub(super) async fn captured(&self, place: Place) {
        self.around.outer.at(Place { up: place.up - 1, ..place }).settled().await;
    }

    /// Goes on until the instance is done or something must be waited for.
    pub(super) fn advance(&mut self, on: On) -> Next {
        while let Some(&id) = self.around.plan().nodes.get(self.at) {
            let Self { around, key, values, tally, step, .. } = self;
            let node = around.engine.plan.node(id);
            let fate = match step.failed {
                0 => values.fate_of_inputs(around, node),
                // What a retry is given was kept.
                _ => Ok(Fate::Ready),
            };
            let fate = match fate {
                Ok(fate) => fate,
                Err(place) => return Next::Need(place),
            };
            match (&node.work, fate) {
                (Work::Wire(wire), Fate::Ready) => {
                    values.take_inputs(around, node);
                    let outcome = wire::run(&around.engine, *wire, &mut values.inputs);
                    values.set(node, 0, outcome);
                    self.at += 1;
                }
                (Work::Op(_), Fate::Ready) => {
                    if around.engine.stop.is_stopped() {
                        return Next::Stop;
                    }
                    if on == On::Worker {
                        if around.engine.is_limited(id) {
                            return Next::Limit(id);
                        }
                        if around.engine.rules(id).blocking {
                            return Next::Block(id);
                        }
                    }
                    if let Some(next) = self.call(id) {
                        return next;
                    }
                }
                (work, fate) => {
                    if matches!(work, Work::Op(_)) {
                        let status = StepStatus::of_unstarted(fate == Fate::Failed);
                        let ended = Ended::unstarted(id, status);
                        tally.add(&around.engine, ended, || around.path(key));
                    }
                    let cause = || values.cause_of_inputs(around, node);
                    let missing = fate.without_value(cause);
                    values.pass_on(node, &missing);
                    self.at += 1;
                }
            }
        }
        Next::Done
    }

    /// Calls the op of the next node. Gives what is to be waited for, if anything is.
    pub(super) fn call(&mut self, id: NodeId) -> Option<Next> {
        self.prepare(id);
        let Self { around, key, values, step, blocking, .. } = self;
        if let Some(blocking) = blocking {
            blocking.at(id, key.index);
        }
        let engine = &*around.engine;
        let environment = StepEnvironment {
            engine,
            node: id,
            attempt: step.failed + 1,
            path: || around.path(key),
            ports: &[],
            info: OnceCell::new(),
        };
        let attempt = start(engine.rules(id), &mut values.inputs, &environment);
        step.info = environment.info.into_inner();
        match attempt {
            Attempt::Ended(result) => self.settle(id, result),
            Attempt::Running(future) => Some(Next::Wait(id, future)),
        }
    }

    /// Prepares the next node's attempt to be made elsewhere.
    pub(super) fn hop(&mut self, id: NodeId) -> Hop {
        self.prepare(id);
        let inputs = std::mem::take(&mut self.values.inputs);
        let (path, attempt) = (self.path(), self.step.failed + 1);
        Hop { node: id, path, attempt, inputs, ports: Vec::new() }
    }

    /// Takes what an attempt made elsewhere gave.
    pub(super) fn settle_hop<H>(&mut self, id: NodeId, hopped: Hopped<H>) -> Option<Next> {
        self.step.info = Some(hopped.info);
        self.settle(id, hopped.result)
    }

    /// Takes the inputs of an attempt of the next node, and keeps them if another one may follow.
    fn prepare(&mut self, id: NodeId) {
        let Self { around, values, step, .. } = self;
        let engine = &around.engine;
        if step.failed == 0 {
            step.began = engine.clock();
            values.take_inputs(around, engine.plan.node(id));
        } else {
            values.inputs = std::mem::take(&mut step.kept);
        }
        step.begun = step.failed + 1;
        if engine.rules(id).may_follow(step.begun) {
            step.kept.clone_from(&values.inputs);
        }
    }

    /// Takes what an attempt of the next node gave. Says how long to wait, if another one follows.
    pub(super) fn settle(&mut self, id: NodeId, result: AttemptResult) -> Option<Next> {
        let Self { around, key, values, tally, step, .. } = self;
        let engine = &around.engine;
        let result = result.and_then(|returned| conforming(engine.plan.op(id), returned));
        let attempt = step.failed + 1;
        let result = match result {
            Err(error) => match engine.verdict(id, attempt, &error, || around.path(key)) {
                Verdict::Again(delay) => {
                    engine.up_for_retry((id, attempt), error, delay, || around.path(key));
                    step.failed = attempt;
                    return again(attempt, delay);
                }
                Verdict::GiveUp => Err(error),
            },
            returned => returned,
        };
        let metadata = step.info.take().map(|info| info.take_metadata()).unwrap_or_default();
        let how = How { node: id, attempts: attempt, began: step.began, metadata };
        settle(around, values, tally, how, result, key);
        (step.begun, step.failed) = (0, 0);
        step.kept.clear();
        self.at += 1;
        None
    }

    /// The copy that runs.
    pub(super) fn copy(&self) -> CopyOf {
        CopyOf { scope: self.around.scope, path: self.path() }
    }

    /// The path of the instance that runs.
    fn path(&self) -> KeyPath {
        self.around.path(&self.key)
    }
}

impl Chain {
    /// Runs the instance that was begun on a thread that may block, with all it captures there.
    pub(super) fn run_on_thread(&mut self) -> Paused {
        loop {
            match self.advance(On::Thread) {
                Next::Done => return Paused::Done,
                Next::Stop => return Paused::Stopped,
                Next::Rest(delay) => return Paused::Resting(delay),
                // An op may do both: block first, and go on as a future.
                Next::Wait(id, future) => {
                    let result = self.around.engine.handle.block_on(future);
                    if let Some(Next::Rest(delay)) = self.settle(id, result) {
                        return Paused::Resting(delay);
                    }
                }
                Next::Need(_) | Next::Limit(_) | Next::Block(_) => {
                    unreachable!("on a thread that may block, a chain of blocking ops needs nobody")
                }
            }
        }
    }
}

/// How far an instance has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Paused {
    Done,
    /// The run is told to stop.
    Stopped,
    /// A step waits for its retry.
    Resting(Duration),
}

impl Drop for Chain {
    /// What is known of steps is told also when the lane is aborted. A step that has not ended was canceled.
    fn drop(&mut self) {
        let Self { around, key, tally, step, .. } = self;
        if step.begun > 0
            && let Some(node) = around.plan().nodes.get(self.at)
        {
            let ended = Ended::canceled(*node, step.begun, None);
            tally.add(&around.engine, ended, || around.path(key));
        }
        self.flush();
    }
}

/// How many retries without a delay follow one another before others on the worker go on.
const RETRIES_PER_TURN: u32 = 64;

/// What to wait for before the next attempt: often nothing.
fn again(attempt: u32, delay: Duration) -> Option<Next> {
    let at_once = delay.is_zero() && !attempt.is_multiple_of(RETRIES_PER_TURN);
    (!at_once).then_some(Next::Rest(delay))
}

/// Takes what the last attempt of a step gave.
fn settle(
    around: &Around,
    values: &mut Values,
    tally: &mut Tally,
    how: How,
    result: AttemptResult,
    key: &Key,
) {
    let engine = &around.engine;
    let id = how.node;
    let node = engine.plan.node(id);
    match result {
        Ok(Returned(outputs)) => {
            tally.succeeded(engine, how, || around.path(key));
            if engine.options.keep_values
                && let Outputs::One(output) = &outputs
                && let Given::Value(value) = &output.0
            {
                tally.keep(id, around.path(key), value.clone());
            }
            match outputs {
                Outputs::One(output) => values.set(node, 0, outcome(output.0)),
                Outputs::Many(outputs) => {
                    for (place, output) in outputs.into_iter().enumerate() {
                        values.set(node, place, outcome(output.0));
                    }
                }
            }
        }
        Err(error) => {
            let ended = engine.ended_badly(how, error);
            let cause = engine.cause_of(&ended, || around.path(key));
            tally.add(engine, ended, || around.path(key));
            values.pass_on(node, &Outcome::Failed(cause));
        }
    }
}

fn outcome(given: Given) -> Outcome {
    match given {
        Given::Value(value) => Outcome::Ready(value),
        Given::Nothing | Given::Emitted | Given::List(_) => Outcome::Skipped,
    }
}
