//! What becomes of a key whose step gave no value at once.

use std::sync::Arc;
use std::task::Waker;

use super::steps::succeeded;
use super::waiting::Ready;
use super::{Block, Left};
use crate::engine::around::{Around, Key};
use crate::engine::attempt::{AttemptResult, conforming};
use crate::engine::cause::{Cause, CopyOf};
use crate::engine::ledger::{Ended, How, Tally};
use crate::engine::outcome::{Fate, Outcome};
use crate::engine::sink::SinkBuffer;
use crate::error::{OpError, StepError};
use crate::key::MappingKey;
use crate::op::{Given, Output, Outputs, Returned, Running, StepInfo};
use crate::plan::Work;
use crate::step::{Alike, StepStatus};
use crate::value::Erased;

/// What becomes of keys that are done before they came through.
pub(super) struct Leaving<'a> {
    pub(super) around: &'a Around,
    pub(super) tally: &'a mut Tally,
    pub(super) buffers: &'a mut [SinkBuffer],
    /// How many keys are done.
    pub(super) done: &'a mut u64,
}

impl Leaving<'_> {
    /// The op of a key at this node has failed in its only attempt. The key is not used any more.
    #[inline]
    pub(super) fn op_failed(
        &mut self,
        key: &mut Key,
        at: usize,
        error: OpError,
        info: Option<Arc<StepInfo>>,
    ) {
        if info.is_none() && self.is_untold() {
            self.leave(key, at + 1, Some(Cause::UNKNOWN));
            let path = self.around.path_of(key);
            self.tally.keep_failed(self.around.plan().nodes[at], path, error);
        } else {
            self.failed(key, at, StepError::Op(error), info);
        }
    }

    /// Whether nobody is told of steps that fail now, and nothing comes of them.
    #[inline]
    pub(super) fn is_untold(&self) -> bool {
        let engine = &self.around.engine;
        !engine.tells_of(StepStatus::Failure)
            && !engine.tells_of(StepStatus::UpstreamFailed)
            && !engine.accepted.are_traced()
            && !engine.stop.is_stopped()
    }

    /// The ops of some keys at this node have failed with this error, and nobody is told of it.
    pub(super) fn alike(
        &mut self,
        at: usize,
        error: Arc<StepError>,
        keys: Arc<[(u64, MappingKey)]>,
    ) {
        let Self { around, tally, buffers, done } = self;
        **done += keys.len() as u64;
        // There is one at most.
        if let [buffer, ..] = buffers {
            buffer.add_all_missing(&keys);
        }
        let [node, below @ ..] = &around.plan().nodes[at..] else { return };
        let failed = Alike::failed(*node, error, around.outer_path().clone(), keys);
        for node in below {
            tally.add_alike(failed.below(*node));
        }
        tally.add_alike(failed);
    }

    /// The step of a key at this node has failed, and so those that follow cannot be.
    #[cold]
    pub(super) fn failed(
        &mut self,
        key: &Key,
        at: usize,
        error: StepError,
        info: Option<Arc<StepInfo>>,
    ) {
        let Self { around, tally, .. } = self;
        let engine = &around.engine;
        let how = How::first(around.plan().nodes[at], info.as_deref());
        let mut ended = engine.ended_badly(how, error);
        let cause = engine.cause_of(&mut ended, || around.path(key));
        tally.add(engine, ended, || around.path(key));
        self.leave(key, at + 1, Some(cause));
    }

    /// A key does not come to this node.
    pub(super) fn without(&mut self, key: &Key, at: usize, missing: Outcome) {
        let failed = missing.fate() == Fate::Failed;
        self.leave(key, at, failed.then(|| missing.cause()));
    }

    /// A key does not come to this node. Something failed if there is a cause, and was skipped otherwise.
    #[inline]
    fn leave(&mut self, key: &Key, at: usize, cause: Option<Cause>) {
        let Self { around, tally, buffers, done } = self;
        let engine = &around.engine;
        let status = StepStatus::of_unstarted(cause.is_some());
        for id in &around.plan().nodes[at..] {
            tally.add(engine, Ended::unstarted(*id, status), || around.path(key));
        }
        // There is one at most.
        if let [buffer, ..] = buffers {
            let copy = || CopyOf { scope: around.scope, path: around.path(key) };
            buffer.add_missing(key.index, &key.key, cause.map(|cause| cause.leaving(copy)));
        }
        **done += 1;
    }
}

impl Block {
    /// Takes what the next node gave for the key after the first `done`.
    pub(super) fn settle(
        &mut self,
        done: usize,
        result: AttemptResult,
        info: Option<Arc<StepInfo>>,
    ) {
        if let Some(key) = self.keys.remove(done) {
            self.put_back(Ready { key, at: self.at, info }, result);
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
                self.leaving().failed(key, at, error, info);
                None
            }
        }
    }

    /// What becomes of keys that are done before they came through.
    pub(super) fn leaving(&mut self) -> Leaving<'_> {
        let Self { around, tally, buffers, done, .. } = self;
        Leaving { around, tally, buffers, done }
    }

    /// Takes back a key whose attempt has ended apart from the others, at the node where the block is.
    pub(super) fn put_back(&mut self, Ready { key, at, info }: Ready, result: AttemptResult) {
        if let Some(value) = self.value(&key, at, result, info) {
            let column = &mut self.columns[at + 1];
            let done = column.len();
            column.push_erased(value);
            self.keys.insert(done, key);
        }
    }

    /// Goes on with a key that was waited for. The block has no others that have begun.
    pub(in crate::engine) fn go_on(
        &mut self,
        Ready { key, at, info }: Ready,
        result: AttemptResult,
        waker: &Waker,
    ) -> Left {
        let Some(value) = self.value(&key, at, result, info) else { return Left::Done };
        self.at = at + 1;
        if self.at + 1 == self.columns.len() {
            // Nothing is to be done with it but to pass it on.
            if let Some(buffer) = self.buffers.first_mut() {
                let value = std::iter::once(Outcome::Ready(value));
                buffer.add(&self.around.engine, key.index, &key.key, value);
            }
            self.done += 1;
            return Left::Done;
        }
        self.columns[self.at].push_erased(value);
        self.keys.push_back(key);
        let left = self.advance(Some(waker));
        if let Left::Done = left {
            self.deliver();
        }
        left
    }

    /// Keeps where an attempt that has ended went on, for the next one at the node that it is at.
    pub(in crate::engine) fn keep_place(&mut self, running: Running) {
        *self.places.of(self.at) = running;
    }
}
