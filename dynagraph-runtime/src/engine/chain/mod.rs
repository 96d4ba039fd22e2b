//! Runs instances whose steps follow one another: the values stay in the lane, and nothing is shared per step.

mod advance;
mod quick;
mod step;
mod values;

use std::sync::Arc;

use step::Step;
use values::Values;

pub(super) use advance::{Next, Paused};

use super::Engine;
use super::around::{Around, Key};
use super::blocking::Blocking;
use super::cause::CopyOf;
use super::fan_out::Elements;
use super::frame::Frame;
use super::ledger::{Ended, Tally};
use super::outcome::Outcome;
use super::places::Places;
use super::sink::{Sink, SinkBuffer};
use crate::graph::ScopeId;
use crate::key::{KeyPath, MappingKey};
use crate::plan::{GatherPlan, Place};

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
    /// Where attempts go on, which those of other keys use again.
    places: Places,
    /// Where it says which step it is at, on a thread that may block.
    blocking: Option<Arc<Blocking>>,
}

impl Chain {
    pub(super) fn new(engine: Arc<Engine>, scope: ScopeId, outer: Arc<Frame>) -> Self {
        let plan = engine.plan.scope(scope);
        let values = Values::new(plan);
        let places = Places::new(plan.nodes.len());
        let steps = plan.nodes.iter().filter(|id| engine.plan.op(**id).is_some());
        let tally = Tally::of(steps.copied());
        Self {
            around: Around::new(engine, scope, outer),
            key: Key { index: 0, key: 0.into() },
            values,
            tally,
            at: 0,
            step: Step::default(),
            places,
            blocking: None,
        }
    }

    /// Says from now on which step it is at.
    pub(super) fn blocking(&mut self) -> &Arc<Blocking> {
        let path = &self.around.outer.path;
        self.blocking.get_or_insert_with(|| Arc::new(Blocking::new(path.clone())))
    }

    /// Begins the instance of a key.
    pub(super) fn begin(&mut self, index: u64, key: MappingKey, elements: Elements) {
        self.key = Key { index, key };
        let places = &self.around.engine.plan.scope(self.around.scope).elements;
        elements.each(|place, outcome| self.values.put(places[place], outcome));
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
        self.values.clear();
    }

    /// Hands what the instance gave straight to the only sink there is, if that takes it, and forgets the instance. Says
    /// whether it did.
    pub(super) fn hand_over(&mut self, gathers: &[GatherPlan], sinks: &[Sink]) -> bool {
        let ([gather], [sink]) = (gathers, sinks) else { return false };
        let [taken] = gather.cells.as_slice() else { return false };
        let Self { around, key, values, .. } = self;
        let given = values.give(taken.cell, true);
        match sink.take_at_once(&around.engine, key.index, &key.key, given) {
            Ok(()) => {
                self.end();
                true
            }
            Err(given) => {
                values.put(taken.cell, given);
                false
            }
        }
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
    pub(super) fn captured(&self, place: Place) -> impl Future<Output = ()> + use<> {
        let outer = Arc::clone(&self.around.outer);
        async move {
            outer.at(Place { up: place.up - 1, ..place }).settled().await;
        }
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
