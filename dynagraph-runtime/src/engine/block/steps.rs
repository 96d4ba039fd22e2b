//! Calls an op for the keys of a block, one after the other.

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;

use super::alike::FailedAlike;
use super::settle::Leaving;
use super::waiting::{Ready, Waiting};
use super::{Block, Left};
use crate::engine::around::{Around, CopyPath, Key};
use crate::engine::attempt::{AttemptResult, StepEnvironment, broken, ended};
use crate::engine::blocking::Blocking;
use crate::engine::ledger::{Ended, How, Tally};
use crate::error::OpError;
use crate::graph::NodeId;
use crate::op::{Call, Environment, Keys, OpContext, Port, Running, StepInfo};
use crate::step::StepStatus;
use crate::value::{Column, TypeMap, drop_caught};

/// The keys of a block at one node.
struct Steps<'a> {
    around: &'a Around,
    keys: &'a mut VecDeque<Key>,
    /// The node, and its place among others.
    node: NodeId,
    at: usize,
    leaving: Leaving<'a>,
    failed: FailedAlike<'a>,
    blocking: Option<&'a Blocking>,
    /// How many of the keys the node is done with.
    done: usize,
    /// How many of these were not told of.
    untold: usize,
    /// Whether the step of the next key is on its way.
    begun: bool,
    /// The step as its op sees it. Made when it asks.
    info: OnceCell<Arc<StepInfo>>,
}

impl Keys for Steps<'_> {
    #[inline]
    fn begin(&mut self) -> bool {
        if self.begun {
            self.end();
        }
        let engine = &self.around.engine;
        let Some(key) = self.keys.get(self.done).filter(|_| !engine.stop.is_stopped()) else {
            return false;
        };
        if engine.listeners.any() {
            self.step(key).tell_start();
        }
        if let Some(blocking) = self.blocking {
            blocking.at(self.node, key.index);
        }
        self.begun = true;
        true
    }

    fn fail(&mut self, error: OpError) {
        self.begun = false;
        let Self { keys, leaving, failed, at, done, .. } = self;
        let Some(key) = keys.get_mut(*done) else { return };
        let info = self.info.take();
        let own = if info.is_none() && leaving.is_untold() {
            failed.take(leaving, *at, key, error)
        } else {
            Err(error)
        };
        if let Err(error) = own {
            leaving.op_failed(key, *at, error, info);
        }
        // Only now: it is long to move.
        keys.remove(*done);
    }

    fn environment(&self) -> &dyn Environment {
        self
    }
}

impl Steps<'_> {
    /// The step that is on its way has given a value.
    #[inline]
    fn end(&mut self) {
        self.begun = false;
        if self.info.get().is_some() || self.around.engine.listeners.any() {
            let key = &self.keys[self.done];
            succeeded(self.leaving.tally, self.around, key, self.node, self.info.take());
        } else {
            self.untold += 1;
        }
        self.done += 1;
    }

    fn step<'a>(&'a self, key: &'a Key) -> StepEnvironment<'a, CopyPath<'a>> {
        self.around.environment(key, self.node, 1)
    }
}

impl Environment for Steps<'_> {
    fn context(&self) -> OpContext {
        let info = self.info.get_or_init(|| Arc::clone(self.step(&self.keys[self.done]).info()));
        OpContext::new(Arc::clone(info))
    }

    fn resources(&self) -> &TypeMap {
        &self.around.engine.options.resources
    }

    fn port(&self, output: usize) -> Arc<dyn Port> {
        self.step(&self.keys[self.done]).port(output)
    }
}

impl fmt::Debug for Steps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steps").field("node", &self.node).finish_non_exhaustive()
    }
}

/// Records a step that has succeeded, and tells of it.
#[cold]
pub(super) fn succeeded(
    tally: &mut Tally,
    around: &Around,
    key: &Key,
    node: NodeId,
    info: Option<Arc<StepInfo>>,
) {
    let ended = Ended::success(How::first(node, info.as_deref()));
    tally.add(&around.engine, ended, || around.path(key));
}

/// Forgets what an op that is written by hand gave after its last step: it is of none.
fn forget_more(values: &mut Column, done: usize, running: &mut Running) {
    while values.len() > done {
        values.drop_last();
    }
    if !running.is_empty() {
        *running = Running::default();
    }
}

/// How far a node has come with its keys.
enum Came {
    /// All are done.
    Through,
    /// The run is told to stop.
    Held,
    /// So many are done, and the next one's attempt goes on.
    Waits(usize, Option<Arc<StepInfo>>),
    /// So many are done, and the next one's attempt has ended with something that is no value of the column.
    Ended(usize, AttemptResult, Option<Arc<StepInfo>>),
}

impl Block {
    /// Takes all keys that are left before the next node through it.
    pub(super) fn step(&mut self, waker: Option<&Waker>) -> Left {
        loop {
            match self.call(waker) {
                Came::Through => return Left::Done,
                Came::Held => return Left::Stopped,
                Came::Waits(done, info) => {
                    let running = std::mem::take(self.places.of(self.at));
                    let Some(key) = self.keys.remove(done) else { continue };
                    let ready = Ready { key, at: self.at, info };
                    return Left::Waits(Waiting { ready, running });
                }
                Came::Ended(done, result, info) => self.settle(done, result, info),
            }
        }
    }

    /// Calls the op of the next node until one of its steps is not done.
    fn call(&mut self, waker: Option<&Waker>) -> Came {
        let Self {
            around,
            tally,
            keys,
            at,
            columns,
            places,
            repeats,
            failed,
            given,
            blocking,
            buffers,
            done,
            ..
        } = self;
        let node = around.plan().nodes[*at];
        let Some([inputs, values, ..]) = columns.get_mut(*at..) else { return Came::Through };
        let running = places.of(*at);
        let mut steps = Steps {
            around,
            keys,
            node,
            at: *at,
            leaving: Leaving { around, tally, buffers, done },
            failed: FailedAlike::new(&mut repeats[*at], failed),
            blocking: blocking.as_deref(),
            done: values.len(),
            untold: 0,
            begun: false,
            info: OnceCell::new(),
        };
        let mut call = Call::of_all(inputs, values, &mut steps, running, waker, given);
        let behavior = &around.engine.rules(node).behavior;
        let called = catch_unwind(AssertUnwindSafe(|| behavior.start_all(&mut call)));
        if called.is_err() {
            call.leave_out();
        }
        steps.failed.leave(&mut steps.leaving, steps.at);
        let Steps { done, untold, begun, info, keys, leaving, .. } = steps;
        leaving.tally.count_all(node, StepStatus::Success, untold);
        running.let_go();
        if !begun {
            drop_caught((called, given.take()));
            forget_more(values, done, running);
            return if done == keys.len() { Came::Through } else { Came::Held };
        }
        let info = info.into_inner();
        if let Err(payload) = called {
            return Came::Ended(done, Err(broken(running, payload)), info);
        }
        match given.take() {
            None if !running.is_empty() => Came::Waits(done, info),
            given => Came::Ended(done, ended(given), info),
        }
    }
}
