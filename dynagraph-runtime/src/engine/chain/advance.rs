//! Takes an instance from node to node, until it is done or something must be waited for.

use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use super::Chain;
use crate::engine::outcome::Fate;
use crate::engine::wire;
use crate::graph::NodeId;
use crate::plan::{Place, Work};

/// What a chain cannot do by itself.
#[derive(Debug)]
#[must_use]
pub(in crate::engine) enum Next {
    /// The instance is done.
    Done,
    /// The run is told to stop.
    Stop,
    /// Wait for the attempt that runs.
    Wait,
    /// Wait before the next attempt.
    Rest(Duration),
    /// Wait until a value of an instance around is there.
    Need(Place),
    /// Take what this node's limits ask for, and call its op.
    Limit(NodeId),
    /// Call a blocking op.
    Block(NodeId),
}

/// How far an instance has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(in crate::engine) enum Paused {
    Done,
    /// The run is told to stop.
    Stopped,
    /// A step waits for its retry.
    Resting(Duration),
}

/// Where a chain runs.
#[derive(Debug, Clone, Copy)]
pub(super) enum On<'a> {
    /// A worker, which must not block. Who is woken when an attempt can go on.
    Worker(&'a Waker),
    /// A thread that may block.
    Thread,
}

impl On<'_> {
    pub(super) fn waker(&self) -> Option<&Waker> {
        match self {
            Self::Worker(waker) => Some(waker),
            Self::Thread => None,
        }
    }
}

impl Chain {
    /// Goes on with the instance that was begun, on a worker, as far as its own attempts allow. Never `Wait`.
    pub(in crate::engine) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Next> {
        loop {
            if let Some(id) = self.running() {
                let result = ready!(self.poll_attempt(context));
                if let Some(next) = self.settle(id, result) {
                    return Poll::Ready(next);
                }
            }
            match self.advance(On::Worker(context.waker())) {
                // It was polled where it was begun: polled at once again, an op that yields would not.
                Next::Wait if self.is_begun() => return Poll::Pending,
                Next::Wait => {}
                next => return Poll::Ready(next),
            }
        }
    }

    /// Runs the instance that was begun on a thread that may block, with all it captures there.
    pub(in crate::engine) fn run_on_thread(&mut self) -> Paused {
        loop {
            match self.advance(On::Thread) {
                Next::Done => return Paused::Done,
                Next::Stop => return Paused::Stopped,
                Next::Rest(delay) => return Paused::Resting(delay),
                // An op may do both: block first, and go on as a future.
                Next::Wait => {
                    let runtime = self.around.engine.handle.clone();
                    let result = runtime.block_on(self.attempt());
                    let next = self.running().and_then(|id| self.settle(id, result));
                    if let Some(Next::Rest(delay)) = next {
                        return Paused::Resting(delay);
                    }
                }
                Next::Need(_) | Next::Limit(_) | Next::Block(_) => {
                    unreachable!("on a thread that may block, a chain of blocking ops needs nobody")
                }
            }
        }
    }

    /// Goes on until the instance is done or something must be waited for.
    fn advance(&mut self, on: On<'_>) -> Next {
        while let Some(&id) = self.around.plan().nodes.get(self.at) {
            if let Some(quick) = self.quick(id, on) {
                match self.call_quick(id, quick, on.waker()) {
                    None => continue,
                    Some(next) => return next,
                }
            }
            let Self { around, key, values, tally, step, .. } = self;
            let node = around.engine.plan.node(id);
            // What a retry is given was kept.
            let fate = match step.failed {
                0 => values.fate_of_inputs(around, node),
                _ => Ok(Fate::Ready),
            };
            let fate = match fate {
                Ok(fate) => fate,
                Err(place) => return Next::Need(place),
            };
            match (&node.work, fate) {
                (Work::Op(_), Fate::Ready) => {
                    if around.engine.stop.is_stopped() {
                        return Next::Stop;
                    }
                    if self.recall(id) {
                        continue;
                    }
                    let engine = &self.around.engine;
                    if matches!(on, On::Worker(_)) {
                        if engine.is_limited(id) {
                            return Next::Limit(id);
                        }
                        if engine.rules(id).blocking {
                            return Next::Block(id);
                        }
                    }
                    if let Some(next) = self.call(id, on.waker()) {
                        return next;
                    }
                }
                (Work::Wire(wire), Fate::Ready) => {
                    values.take_inputs(node);
                    let outcome = wire::run(&around.engine, *wire, &mut values.inputs);
                    values.set(node, 0, outcome);
                    self.at += 1;
                }
                (work, fate) => {
                    let cause = || values.cause_of_inputs(around, node);
                    let mut missing = fate.without_value(cause);
                    if matches!(work, Work::Op(_)) {
                        let path = || around.path(key);
                        let ended;
                        (ended, missing) = around.engine.unstarted(id, missing, path);
                        tally.add(&around.engine, ended, path);
                    }
                    values.pass_on(node, &missing);
                    self.at += 1;
                }
            }
        }
        Next::Done
    }
}
