//! Calls an op for the keys of a block, one after the other.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;

use super::waiting::{Ready, Waiting};
use super::{Block, Left};
use crate::engine::around::{Around, CopyPath, Key};
use crate::engine::attempt::{AttemptResult, StepEnvironment, broken, ended};
use crate::engine::blocking::Blocking;
use crate::engine::ledger::{Ended, How, Tally};
use crate::graph::NodeId;
use crate::op::{Calls, Environment, Keys, StepInfo};
use crate::step::StepStatus;

/// The keys of a block at one node.
struct Steps<'a, 't> {
    around: &'a Around,
    keys: &'a VecDeque<Key>,
    /// How many of them the node is done with.
    done: usize,
    node: NodeId,
    tally: &'t mut Tally,
    /// How many were not told of.
    untold: usize,
    blocking: Option<&'a Blocking>,
    /// What the step that runs can ask for.
    environment: Option<StepEnvironment<'a, CopyPath<'a>>>,
}

impl Keys for Steps<'_, '_> {
    fn begin(&mut self) -> Option<&dyn Environment> {
        let Self { around, keys, node, .. } = *self;
        let engine = &around.engine;
        let key = keys.get(self.done)?;
        if engine.stop.is_stopped() {
            return None;
        }
        let environment = around.environment(key, node, 1);
        environment.tell_start();
        if let Some(blocking) = self.blocking {
            blocking.at(node, key.index);
        }
        Some(self.environment.insert(environment))
    }

    fn end(&mut self) {
        let info = self.environment.take().and_then(StepEnvironment::into_info);
        if info.is_some() || self.around.engine.listeners.any() {
            let key = &self.keys[self.done];
            succeeded(self.tally, self.around, key, self.node, info);
        } else {
            self.untold += 1;
        }
        self.done += 1;
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
                    return Left::Waits(Waiting::new(ready, running, waker.is_some()));
                }
                Came::Ended(done, result, info) => self.settle(done, result, info),
            }
        }
    }

    /// Calls the op of the next node until one of its steps is not done.
    fn call(&mut self, waker: Option<&Waker>) -> Came {
        let Self { around, tally, keys, at, columns, places, given, blocking, .. } = self;
        let node = around.plan().nodes[*at];
        let Some([inputs, values, ..]) = columns.get_mut(*at..) else { return Came::Through };
        let running = places.of(*at);
        let mut steps = Steps {
            around,
            keys,
            done: values.len(),
            node,
            tally,
            untold: 0,
            blocking: blocking.as_deref(),
            environment: None,
        };
        let mut calls = Calls {
            keys: &mut steps,
            inputs: &mut *inputs,
            values: &mut *values,
            running: &mut *running,
            waker,
            given: &mut *given,
            taken: true,
            valued: false,
        };
        let behavior = &around.engine.rules(node).behavior;
        let called = catch_unwind(AssertUnwindSafe(|| behavior.start_all(&mut calls)));
        let Calls { taken, valued, .. } = calls;
        let Steps { done, untold, environment, .. } = steps;
        tally.count_all(node, StepStatus::Success, untold);
        let Some(environment) = environment else {
            return if done == keys.len() { Came::Through } else { Came::Held };
        };
        let info = environment.into_info();
        if let Err(payload) = called {
            if !taken {
                inputs.drop_first();
            }
            if valued {
                values.drop_last();
            }
            *given = None;
            return Came::Ended(done, Err(broken(running, payload)), info);
        }
        match given.take() {
            None if !running.is_empty() => Came::Waits(done, info),
            given => Came::Ended(done, ended(given), info),
        }
    }
}
