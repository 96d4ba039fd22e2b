//! Folds: one instance of the body after the other, each with the accumulator of the one before.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Engine;
use super::cause::{Cause, CopyOf};
use super::chain::{Chain, Paused};
use super::fan_out::{Elements, Ending};
use super::feed::reader;
use super::instance::Instance;
use super::lane::{LaneSlots, run_chain};
use super::outcome::{Fate, Outcome};
use super::stream::Entry;
use crate::plan::{Arg, FoldPlan, NodePlan, Shape};

/// The most values that are folded before others on the thread go on.
const VALUES_PER_TURN: usize = 256;

/// Folds a stream, and settles the fold.
pub(super) async fn run(instance: &Instance, node: &NodePlan, fold: &FoldPlan) {
    let mut reader = reader(instance, fold.stream).await;
    let init = match node.args.get(1) {
        Some(Arg::Value(value)) => Outcome::Ready(value.clone()),
        Some(Arg::Cell { place, .. }) => {
            let cell = instance.frame.at(*place);
            cell.settled().await;
            match place.up {
                0 => cell.take(),
                up => cell.share().entering(instance.frame.up(up), place.cell),
            }
        }
        None => unreachable!("a fold has a first accumulator"),
    };
    let mut folding = Folding::new(instance, fold, init);
    let ending = loop {
        let first = match reader.next().await {
            Ok(entry) => entry,
            Err(ending) => break ending,
        };
        let mut entries = vec![first];
        while entries.len() < VALUES_PER_TURN
            && let Some(entry) = reader.given_entry()
        {
            entries.push(entry);
        }
        folding = folding.step(instance, entries).await;
        tokio::task::coop::consume_budget().await;
    };
    let outcome = match Ending::from(&folding.accumulator).and(ending) {
        Ending::Done => folding.accumulator,
        Ending::Skipped => Outcome::Skipped,
        Ending::Failed(cause) => Outcome::Failed(cause),
    };
    let body = instance.engine.plan.scope(fold.body);
    for cell in &body.captures {
        instance.frame.cell(*cell).release();
    }
    instance.set(node, 0, outcome);
}

struct Folding {
    accumulator: Outcome,
    /// The step that a thread left before its end.
    begun: Option<After>,
    body: Body,
    result: usize,
    may_skip: bool,
    /// Whether the body's steps are all blocking.
    blocking: bool,
}

enum Body {
    Chain(Box<Chain>),
    Graph(crate::graph::ScopeId),
}

impl Folding {
    fn new(instance: &Instance, fold: &FoldPlan, accumulator: Outcome) -> Self {
        let engine = &instance.engine;
        let shape = engine.shape(fold.body);
        let body = match shape {
            Shape::Graph => Body::Graph(fold.body),
            Shape::Chain | Shape::Blocking => {
                let outer = Arc::clone(&instance.frame);
                Body::Chain(Box::new(Chain::new(Arc::clone(engine), fold.body, outer)))
            }
        };
        let blocking = shape == Shape::Blocking;
        Self {
            accumulator,
            begun: None,
            body,
            result: fold.result,
            may_skip: fold.may_skip,
            blocking,
        }
    }

    /// Folds some values.
    async fn step(mut self, instance: &Instance, entries: Vec<Entry>) -> Self {
        let engine = &instance.engine;
        let blocking = match &mut self.body {
            Body::Chain(chain) => self.blocking && chain.has_captures(),
            Body::Graph(_) => false,
        };
        match &self.body {
            Body::Chain(_) if blocking => self.step_on_threads(engine, entries.into()).await,
            Body::Chain(_) => {
                let mut slots = LaneSlots::default();
                for entry in entries {
                    self.step_on_worker(engine, entry, &mut slots).await;
                }
                self
            }
            Body::Graph(scope) => {
                let scope = *scope;
                for entry in entries {
                    let (index, key) = (entry.index, entry.key.clone());
                    let (elements, after) = self.elements(entry);
                    let outer = Some(&instance.frame);
                    let path = |outer: &super::frame::Frame| outer.path.child(key, index);
                    let body = Instance::new(engine, scope, outer, elements, path);
                    body.run_alone().await;
                    let result = body.frame.cell(self.result).take();
                    self.accumulator = after.advanced(result, || body.frame.copy());
                }
                self
            }
        }
    }

    /// Folds values on a thread that may block, and leaves it while a step waits for its retry.
    async fn step_on_threads(mut self, engine: &Arc<Engine>, mut entries: VecDeque<Entry>) -> Self {
        let mut slots = LaneSlots::default();
        loop {
            slots.take(engine).await;
            let Body::Chain(chain) = &mut self.body else { return self };
            let steps = Arc::clone(chain.blocking());
            let work = engine.spawn_blocking(Some(steps), move || {
                let paused = self.run_on_thread(&mut entries);
                (self, entries, paused)
            });
            // Aborted, or a fault that was noted where it happened.
            let Ok((folding, left, paused)) = work.await else {
                return std::future::pending().await;
            };
            (self, entries) = (folding, left);
            match paused {
                Paused::Done => return self,
                Paused::Resting(delay) => slots.rest(engine, delay).await,
                Paused::Stopped => {
                    drop(slots);
                    return std::future::pending().await;
                }
            }
        }
    }

    fn run_on_thread(&mut self, entries: &mut VecDeque<Entry>) -> Paused {
        loop {
            let begun = match self.begun.take() {
                Some(begun) => begun,
                None => match entries.pop_front() {
                    Some(entry) => self.begin(entry),
                    None => return Paused::Done,
                },
            };
            let Body::Chain(chain) = &mut self.body else { return Paused::Done };
            let blocking = Arc::clone(chain.blocking());
            blocking.take(std::iter::once(chain.key()));
            let paused = chain.run_on_thread();
            blocking.idle();
            if paused != Paused::Done {
                self.begun = Some(begun);
                return paused;
            }
            self.end(begun);
        }
    }

    async fn step_on_worker(&mut self, engine: &Arc<Engine>, entry: Entry, slots: &mut LaneSlots) {
        slots.take(engine).await;
        let begun = self.begin(entry);
        let Body::Chain(chain) = &mut self.body else { return };
        if run_chain(engine, chain, slots).await.is_break() {
            // Whoever waits for the run's end waits for its slots.
            *slots = LaneSlots::default();
            return std::future::pending().await;
        }
        self.end(begun);
    }

    /// Begins a step of the body, which is a chain.
    fn begin(&mut self, entry: Entry) -> After {
        let (index, key) = (entry.index, entry.key.clone());
        let (elements, after) = self.elements(entry);
        if let Body::Chain(chain) = &mut self.body {
            chain.begin(index, key, elements);
        }
        after
    }

    /// Ends a step of the body, which is a chain.
    fn end(&mut self, begun: After) {
        let Body::Chain(chain) = &mut self.body else { return };
        let result = chain.give(self.result);
        chain.end();
        chain.flush();
        self.accumulator = begun.advanced(result, || chain.copy());
    }

    /// What the body is given, and how to go on after it.
    fn elements(&mut self, entry: Entry) -> (Elements, After) {
        let value = entry.values.into_one();
        let accumulator = std::mem::replace(&mut self.accumulator, Outcome::FAULT);
        let fate = accumulator.fate().and(value.fate());
        if fate != Fate::Ready {
            // Without one of them there is no step: whatever it would use, it is not run.
            let cause = || Cause::merged([accumulator.cause(), value.cause()]);
            let missing = fate.without_value(cause);
            let elements = Elements::Many(vec![missing.clone(), missing.clone()]);
            let after = if fate == Fate::Failed { missing } else { accumulator };
            return (elements, After::Known(after));
        }
        // Only where it may be needed again: a second holder would make the op clone it.
        let kept = self.may_skip.then(|| accumulator.clone());
        (Elements::Many(vec![accumulator, value]), After::Result(kept))
    }
}

/// The accumulator after a step.
enum After {
    /// The step's result; if that was skipped, the one before.
    Result(Option<Outcome>),
    /// This one, whatever the step's result.
    Known(Outcome),
}

impl After {
    /// The accumulator, outside of the step's copy.
    fn advanced(self, result: Outcome, copy: impl FnOnce() -> CopyOf) -> Outcome {
        let accumulator = match (self, result) {
            (Self::Known(accumulator), _) | (Self::Result(Some(accumulator)), Outcome::Skipped) => {
                accumulator
            }
            (Self::Result(_), result) => result,
        };
        accumulator.leaving(copy)
    }
}
