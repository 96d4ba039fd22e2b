//! The steps of most keys: called once, at once, and nobody is told of them.

use std::task::Waker;

use super::advance::On;
use super::{Chain, Next};
use crate::engine::attempt::{broken, call, ended};
use crate::engine::outcome::Outcome;
use crate::engine::rules::Quick;
use crate::graph::NodeId;
use crate::op::{Given, Output, Outputs, Progress, Returned};
use crate::step::StepStatus;
use crate::value::Erased;

impl Chain {
    /// How to run a node's step, if all of its inputs are there and nothing is in its way.
    pub(super) fn quick(&self, id: NodeId, on: On<'_>) -> Option<Quick> {
        let engine = &self.around.engine;
        let rules = engine.rules.op(id)?;
        let here = matches!(on, On::Thread) || !rules.blocking;
        let free = here && self.values.are_complete() && !engine.stop.is_stopped();
        let has_all =
            |quick: &Quick| quick.is_local || self.values.has_captured(engine.plan.node(id));
        rules.quick.filter(|quick| free && !engine.listeners.any() && has_all(quick))
    }

    /// Whether somebody is told of the step that is on its way.
    pub(super) fn is_told(&self) -> bool {
        self.step.info.is_some() || self.around.engine.listeners.any()
    }

    /// Calls the op of the next node. Gives what is to be waited for, if anything is.
    pub(super) fn call_quick(
        &mut self,
        id: NodeId,
        quick: Quick,
        waker: Option<&Waker>,
    ) -> Option<Next> {
        let Self { around, key, values, step, places, blocking, .. } = self;
        let engine = &*around.engine;
        let first = quick.input.and_then(|cell| values.take_input(cell));
        if first.is_none() {
            values.take_inputs(engine.plan.node(id));
        }
        if let Some(blocking) = blocking {
            blocking.at(id, key.index);
        }
        step.begun = 1;
        let environment = around.environment(key, id, 1);
        let place = places.of(self.at);
        let (rules, inputs) = (engine.rules(id), &mut values.inputs);
        let called = call(rules, first, inputs, &environment, place, waker, &mut step.given);
        step.info = environment.into_info();
        values.inputs.clear();
        match called {
            Ok(Progress::Done) => match step.given.take() {
                Some(Ok(Returned(Outputs::One(Output(Given::Value(value))))))
                    if step.info.is_none() =>
                {
                    self.settle_quick(id, quick, value);
                    None
                }
                given => self.settle_told(id, ended(given)),
            },
            Ok(Progress::Running) => {
                step.running = Some(id);
                Some(Next::Wait)
            }
            Err(payload) => {
                step.given = None;
                let error = broken(place, payload);
                self.settle_told(id, Err(error))
            }
        }
    }

    /// Passes on what a step gave.
    pub(super) fn settle_quick(&mut self, id: NodeId, quick: Quick, value: Erased) {
        self.tally.count(id, StepStatus::Success);
        self.step.begun = 0;
        self.values.put(quick.output, Outcome::Ready(value));
        self.at += 1;
    }
}
