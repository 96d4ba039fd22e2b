//! What becomes of a key whose step gave no value at once.

use std::sync::Arc;

use super::steps::succeeded;
use super::waiting::{Ready, Waiting};
use super::{Block, Left};
use crate::engine::around::Key;
use crate::engine::attempt::{AttemptResult, conforming};
use crate::engine::cause::CopyOf;
use crate::engine::fan_out::FanOut;
use crate::engine::ledger::{Ended, How};
use crate::engine::outcome::{Fate, Outcome};
use crate::engine::sink::Sink;
use crate::error::StepError;
use crate::graph::NodeId;
use crate::op::{Given, Output, Outputs, Returned, StepInfo};
use crate::plan::Work;
use crate::step::StepStatus;
use crate::value::Erased;

impl Block {
    /// Takes what the next node gave for the key after the first `done`.
    pub(super) fn settle(
        &mut self,
        done: usize,
        result: AttemptResult,
        info: Option<Arc<StepInfo>>,
    ) {
        let Some(key) = self.keys.remove(done) else { return };
        if let Some(value) = self.value(&key, self.at, result, info) {
            self.keys.insert(done, key);
            self.columns[self.at + 1].push_erased(value);
        }
    }

    /// Takes what an op gave for a key. Without a value, the key is done.
    fn value(
        &mut self,
        key: &Key,
        at: usize,
        result: AttemptResult,
        info: Option<Arc<StepInfo>>,
    ) -> Option<Erased> {
        let Self { around, tally, .. } = self;
        let id = around.plan().nodes[at];
        let Work::Op(op) = &around.engine.plan.node(id).work else {
            unreachable!("only ops have attempts")
        };
        match result.and_then(|returned| conforming(op, returned)) {
            Ok(Returned(Outputs::One(Output(Given::Value(value))))) => {
                succeeded(tally, around, key, id, info);
                Some(value)
            }
            Ok(_) => unreachable!("the only output is plain, and what was given conforms"),
            Err(error) => {
                self.fail(key, (id, at), error, info);
                None
            }
        }
    }

    /// The step of a key has failed, and so those that follow cannot be.
    fn fail(
        &mut self,
        key: &Key,
        (id, at): (NodeId, usize),
        error: StepError,
        info: Option<Arc<StepInfo>>,
    ) {
        let Self { around, tally, .. } = self;
        let engine = &around.engine;
        let mut ended = engine.ended_badly(How::first(id, info.as_deref()), error);
        let cause = engine.cause_of(&mut ended, || around.path(key));
        tally.add(engine, ended, || around.path(key));
        self.leave(key, at + 1, Outcome::Failed(cause));
    }

    /// A key is done before it came to this node.
    pub(super) fn leave(&mut self, key: &Key, at: usize, missing: Outcome) {
        let Self { around, tally, buffers, .. } = self;
        let engine = &around.engine;
        let status = StepStatus::of_unstarted(missing.fate() == Fate::Failed);
        for id in &around.plan().nodes[at..] {
            tally.add(engine, Ended::unstarted(*id, status), || around.path(key));
        }
        let copy = || CopyOf { scope: around.scope, path: around.path(key) };
        let missing = missing.leaving(copy);
        for buffer in buffers {
            buffer.add(engine, key.index, &key.key, std::iter::once(missing.clone()));
        }
        self.done += 1;
    }

    /// Takes back a key that was waited for where the block is.
    pub(super) fn put_back(&mut self, waiting: Waiting, result: AttemptResult) {
        let (Ready { key, info, .. }, at) = (waiting.into_ready(), self.at);
        if let Some(value) = self.value(&key, at, result, info) {
            let column = &mut self.columns[at + 1];
            let done = column.len();
            column.push_erased(value);
            self.keys.insert(done, key);
        }
    }

    /// Goes on with a key that was waited for. The block has no others.
    pub(in crate::engine) fn go_on(
        &mut self,
        fan_out: &Arc<FanOut>,
        waiting: Waiting,
        result: AttemptResult,
        waker: Option<&std::task::Waker>,
    ) -> Left {
        let Ready { key, at, info } = waiting.into_ready();
        if let Some(value) = self.value(&key, at, result, info) {
            self.at = at + 1;
            if let Some(value) = self.hand_over(fan_out, &key, value) {
                self.columns[self.at].push_erased(value);
                self.keys.push_back(key);
            }
        }
        let left = self.advance(waker);
        if let Left::Done = left {
            self.deliver();
            self.flush(fan_out, true);
        }
        left
    }

    /// Hands the last value of a key straight to the only sink, if it is that and there is one that takes it.
    fn hand_over(&mut self, fan_out: &FanOut, key: &Key, value: Erased) -> Option<Erased> {
        let [sink] = fan_out.sinks.as_slice() else { return Some(value) };
        if self.at + 1 < self.columns.len() {
            return Some(value);
        }
        let value = Outcome::Ready(value);
        match Sink::take_at_once(sink, &self.around.engine, key.index, &key.key, value) {
            Ok(()) => {
                self.done += 1;
                None
            }
            Err(value) => value.ready(),
        }
    }
}
