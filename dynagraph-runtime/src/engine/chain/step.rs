//! The step that a chain is at, from its first attempt to what becomes of its outputs.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::Instant;

use super::{Chain, Next};
use crate::engine::attempt::{self, Attempt, AttemptResult, conforming, start};
use crate::engine::hop::{Hop, Hopped};
use crate::engine::ledger::{Ended, How};
use crate::engine::outcome::Outcome;
use crate::engine::selecting::Recalled;
use crate::engine::storing::{self, Known};
use crate::engine::verdict::Verdict;
use crate::graph::NodeId;
use crate::op::{Given, OpResult, Output, Outputs, Returned, StepInfo};
use crate::plan::Work;
use crate::value::Erased;

/// How many retries without a delay follow one another before others on the worker go on.
const RETRIES_PER_TURN: u32 = 64;

/// A step on its way.
#[derive(Default)]
pub(super) struct Step {
    /// The node of the attempt that runs.
    pub(super) running: Option<NodeId>,
    /// The attempt that runs, if somebody sees to its time or its span.
    watched: Option<BoxFuture<'static, AttemptResult>>,
    /// Which attempt was begun last, until the step ends. Zero before the first.
    pub(super) begun: u32,
    /// How many attempts have failed.
    pub(super) failed: u32,
    /// When the first one began.
    began: Option<Instant>,
    /// What another attempt would be given.
    kept: Vec<Erased>,
    /// What an op gave that has just ended.
    pub(super) given: Option<OpResult>,
    /// The attempt that runs, as its op sees it.
    pub(super) info: Option<Arc<StepInfo>>,
    /// Whether its inputs were taken before its first attempt, to ask the store.
    is_given: bool,
    known: Known,
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Step").field("begun", &self.begun).finish_non_exhaustive()
    }
}

impl Chain {
    /// Calls the op of the next node. Gives what is to be waited for, if anything is.
    pub(in crate::engine) fn call(&mut self, id: NodeId, waker: Option<&Waker>) -> Option<Next> {
        self.prepare(id);
        let Self { around, key, values, step, places, blocking, .. } = self;
        if let Some(blocking) = blocking {
            blocking.at(id, key.index);
        }
        let engine = &*around.engine;
        let environment = around.environment(key, id, step.failed + 1);
        let place = places.of(self.at);
        let attempt = start(engine.rules(id), &mut values.inputs, &environment, place, waker);
        step.info = environment.into_info();
        match attempt {
            Attempt::Ended(result) => return self.settle(id, result),
            Attempt::Running => {}
            Attempt::Watched(future) => step.watched = Some(future),
        }
        step.running = Some(id);
        Some(Next::Wait)
    }

    /// Ends the step of the next node with what the run's store has of it, or because it is not selected. Says whether it did.
    ///
    /// Before it takes any slot, and on whatever thread: there is nothing to run.
    pub(super) fn recall(&mut self, id: NodeId) -> bool {
        let Self { around, key, values, tally, step, .. } = self;
        let engine = &*around.engine;
        let node = engine.plan.node(id);
        let (true, Work::Op(op), 0) = (engine.recalls(), &node.work, step.failed) else {
            return false;
        };
        values.take_inputs(node);
        (step.is_given, step.began) = (true, engine.clock());
        match engine.recall(id, op, &values.inputs, || around.path(key)) {
            Recalled::Run(known) => {
                step.known = known;
                return false;
            }
            Recalled::Given(known, returned) => {
                values.inputs.clear();
                step.known = known;
                self.succeeded(id, returned);
            }
            Recalled::LeftOut(ended, missing) => {
                values.inputs.clear();
                step.is_given = false;
                tally.add(engine, ended, || around.path(key));
                values.pass_on(node, &missing);
            }
        }
        self.at += 1;
        true
    }

    /// The node whose attempt is to be waited for.
    pub(in crate::engine) fn running(&self) -> Option<NodeId> {
        self.step.running
    }

    /// Whether the attempt that runs was polled when it was called on a worker.
    pub(super) fn is_begun(&self) -> bool {
        self.step.watched.is_none()
    }

    /// Goes on with the attempt that runs.
    pub(super) fn poll_attempt(&mut self, context: &mut Context<'_>) -> Poll<AttemptResult> {
        match &mut self.step.watched {
            None => attempt::poll(self.places.of(self.at), context),
            Some(future) => future.poll_unpin(context),
        }
    }

    /// Goes on with the attempt that runs, to its end.
    pub(in crate::engine) async fn attempt(&mut self) -> AttemptResult {
        poll_fn(|context| self.poll_attempt(context)).await
    }

    /// Prepares the next node's attempt to be made elsewhere.
    pub(in crate::engine) fn hop(&mut self, id: NodeId) -> Hop {
        self.prepare(id);
        let inputs = std::mem::take(&mut self.values.inputs);
        let (path, attempt) = (self.path(), self.step.failed + 1);
        Hop { node: id, path, attempt, inputs, ports: Vec::new() }
    }

    /// Takes what an attempt made elsewhere gave.
    pub(in crate::engine) fn settle_hop<H>(
        &mut self,
        id: NodeId,
        hopped: Hopped<H>,
    ) -> Option<Next> {
        self.step.info = Some(hopped.info);
        self.settle(id, hopped.result)
    }

    /// Takes the inputs of an attempt of the next node, and keeps them if another one may follow.
    fn prepare(&mut self, id: NodeId) {
        let Self { around, values, step, .. } = self;
        let engine = &around.engine;
        if step.failed == 0 {
            step.began = engine.clock();
            if !std::mem::take(&mut step.is_given) {
                values.take_inputs(engine.plan.node(id));
            }
        } else {
            values.inputs = std::mem::take(&mut step.kept);
        }
        step.begun = step.failed + 1;
        if engine.rules(id).may_follow(step.begun) {
            step.kept.clone_from(&values.inputs);
        }
    }

    /// Takes what an attempt of the next node gave. Says how long to wait, if another one follows.
    pub(in crate::engine) fn settle(&mut self, id: NodeId, result: AttemptResult) -> Option<Next> {
        (self.step.running, self.step.watched) = (None, None);
        match (result, self.around.engine.rules(id).quick) {
            (Ok(Returned(Outputs::One(Output(Given::Value(value))))), Some(quick))
                if !self.is_told() =>
            {
                self.settle_quick(id, quick, value);
                None
            }
            (result, _) => self.settle_told(id, result),
        }
    }

    /// As [`settle`](Self::settle), for a step that somebody is told of, or that has not given just a value.
    pub(super) fn settle_told(&mut self, id: NodeId, result: AttemptResult) -> Option<Next> {
        let Self { around, key, values, tally, step, .. } = self;
        let engine = &*around.engine;
        let node = engine.plan.node(id);
        let Work::Op(op) = &node.work else { unreachable!("only ops have attempts") };
        let error = match result.and_then(|returned| conforming(op, returned)) {
            Ok(returned) => {
                self.succeeded(id, returned);
                self.at += 1;
                return None;
            }
            Err(error) => error,
        };
        let attempts = step.failed + 1;
        if let Verdict::Again(delay) = engine.verdict(id, attempts, &error, || around.path(key)) {
            engine.up_for_retry((id, attempts), error, delay, || around.path(key));
            step.failed = attempts;
            return again(attempts, delay);
        }
        let mut ended = engine.ended_badly(step.how(id), error);
        let cause = engine.cause_of(&mut ended, || around.path(key));
        tally.add(engine, ended, || around.path(key));
        values.pass_on(node, &Outcome::Failed(cause));
        self.at += 1;
        None
    }

    /// Passes on what a step gave.
    fn succeeded(&mut self, id: NodeId, returned: Returned) {
        let Self { around, key, values, tally, step, .. } = self;
        let engine = &around.engine;
        let node = engine.plan.node(id);
        let mut how = step.how(id);
        if let (Some(storing), Work::Op(op), false) =
            (&engine.storing, &node.work, how.known.cached)
        {
            let step = storing::Step { op, path: around.path(key), how: &mut how };
            storing.succeeded(engine, step, &returned, |_| 0);
        }
        tally.add(engine, Ended::success(how), || around.path(key));
        match returned.0 {
            Outputs::One(output) => {
                if engine.options.keep_values
                    && let Given::Value(value) = &output.0
                {
                    tally.keep(id, around.path(key), value.clone());
                }
                values.set(node, 0, outcome(output.0));
            }
            Outputs::Many(outputs) => {
                for (place, output) in outputs.into_iter().enumerate() {
                    values.set(node, place, outcome(output.0));
                }
            }
        }
    }
}

impl Step {
    fn end(&mut self) {
        (self.begun, self.failed) = (0, 0);
        self.kept.clear();
        self.is_given = false;
    }

    /// Ends it, and says how it was run.
    fn how(&mut self, node: NodeId) -> How {
        let metadata = self.info.take().map(|info| info.take_metadata()).unwrap_or_default();
        let attempts = self.failed + 1;
        let known = std::mem::take(&mut self.known);
        self.end();
        How { node, attempts, began: self.began, metadata, known }
    }
}

/// What to wait for before the next attempt: often nothing.
fn again(attempt: u32, delay: Duration) -> Option<Next> {
    let at_once = delay.is_zero() && !attempt.is_multiple_of(RETRIES_PER_TURN);
    (!at_once).then_some(Next::Rest(delay))
}

fn outcome(given: Given) -> Outcome {
    match given {
        Given::Value(value) => Outcome::Ready(value),
        Given::Nothing | Given::Emitted | Given::List(_) => Outcome::Skipped,
    }
}
