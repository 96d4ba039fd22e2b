//! The engine's end of a dynamic output.

use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;

use super::Engine;
use super::again::Emissions;
use super::fan_out::FanOut;
use super::limit::Lendable;
use super::storing::Emission;
use super::tasks::Computing;
use crate::graph::NodeId;
use crate::key::{KeyPath, KeySet, MappingKey};
use crate::op::{EmitError, Port, Refused, check_key};
use crate::sync::lock;
use crate::value::Erased;

/// A dynamic output of one step.
pub(super) struct OutputPort {
    pub(super) engine: Arc<Engine>,
    pub(super) node: NodeId,
    pub(super) path: KeyPath,
    pub(super) name: &'static str,
    /// Its place among the op's outputs.
    pub(super) output: usize,
    /// Which attempt of the step emits to it.
    pub(super) attempt: u32,
    /// Whether the op runs on a thread that may block.
    pub(super) may_block: bool,
    /// None if nothing uses the output.
    pub(super) fan_out: Option<Arc<FanOut>>,
    pub(super) slots: Arc<Lendable>,
    /// What was emitted in all attempts, if there may be several.
    pub(super) emissions: Option<SharedEmissions>,
    pub(super) state: Mutex<PortState>,
}

pub(super) type SharedEmissions = Arc<Mutex<Emissions>>;

#[derive(Debug, Default)]
pub(super) struct PortState {
    keys: KeySet,
    /// Keys that have no copy of an earlier attempt.
    emitted: u64,
    /// All keys, if a store has them.
    stored: u64,
    closed: bool,
    /// The first rule that the op broke.
    broken: Option<EmitError>,
}

impl OutputPort {
    /// What an emit is told that the run's end has overtaken. Also an op that does not mind has not emitted everything.
    fn closed(&self, state: &mut PortState) -> EmitError {
        let closed = EmitError::Closed { output: self.name };
        state.broken.get_or_insert_with(|| closed.clone());
        closed
    }

    /// How many keys the store was told of.
    pub(super) fn stored(&self) -> u64 {
        lock(&self.state).stored
    }

    /// Whether another key may be emitted now.
    fn has_room(&self) -> bool {
        self.fan_out.as_ref().is_none_or(|fan_out| fan_out.has_room())
            && self.engine.storing.as_ref().is_none_or(|storing| !storing.is_full())
    }

    /// Tells the run's store of a key, before anything is made of it.
    fn store(&self, state: &mut PortState, key: &MappingKey, value: &Erased) {
        let (Some(storing), Some(op)) = (&self.engine.storing, self.engine.plan.op(self.node))
        else {
            return;
        };
        let Self { node, path, attempt, output, .. } = self;
        let (node, attempt, output, index) = (*node, *attempt, *output, state.stored);
        let emission = Emission { node, path, attempt, output, index };
        storing.emitted(&emission, &op.spec.outputs[output], key, value);
        state.stored += 1;
    }

    /// Takes no more values, and says which rule the op broke, if any.
    pub(super) fn close(&self) -> Option<EmitError> {
        let mut state = lock(&self.state);
        state.closed = true;
        state.keys = KeySet::default();
        state.broken.take()
    }
}

impl Port for OutputPort {
    fn try_emit(&self, key: MappingKey, value: Erased) -> Result<(), Refused> {
        let mut state = lock(&self.state);
        if state.closed || self.engine.stop.is_stopped() {
            return Err(Refused::Error(self.closed(&mut state)));
        }
        let mut emissions = self.emissions.as_ref().map(|emissions| lock(emissions));
        let again = emissions.as_mut().is_some_and(|emissions| emissions.again(&key));
        if !again && !self.has_room() {
            return Err(Refused::Full(key, value));
        }
        if let Err(error) = check_key(self.name, &key, &mut state.keys) {
            state.broken.get_or_insert_with(|| error.clone());
            return Err(Refused::Error(error));
        }
        self.store(&mut state, &key, &value);
        if again {
            return Ok(());
        }
        let index = match &mut emissions {
            Some(emissions) => emissions.add(key.clone()),
            None => state.emitted,
        };
        state.emitted += 1;
        if self.engine.options.keep_values {
            let path = self.path.child(key.clone(), index);
            self.engine.keep_value(self.node, path, value.clone());
        }
        // Both under the port's lock, so that places follow the order of emission.
        self.engine.tell_emitted(self.node, &self.path, self.name, &key);
        if let Some(fan_out) = &self.fan_out {
            fan_out.push(key, super::fan_out::Elements::ready(value));
        }
        Ok(())
    }

    fn room(&self) -> BoxFuture<'_, Result<(), EmitError>> {
        Box::pin(async {
            let room = async {
                if let Some(fan_out) = &self.fan_out {
                    fan_out.room().await;
                }
                self.engine.room_in_store().await;
            };
            if self.fan_out.is_some() || self.engine.storing.is_some() {
                self.slots.give_up_during(room).await;
            }
            if self.engine.stop.is_stopped() {
                return Err(self.closed(&mut lock(&self.state)));
            }
            Ok(())
        })
    }

    fn may_block(&self) -> Result<(), EmitError> {
        if self.may_block { Ok(()) } else { Err(EmitError::WouldBlock { output: self.name }) }
    }

    fn block_for_room(self: Arc<Self>) -> Result<(), EmitError> {
        let closed = EmitError::Closed { output: self.name };
        let computing = Computing::here();
        let (tell, told) = tokio::sync::oneshot::channel();
        let engine = Arc::clone(&self.engine);
        let waiting = computing.clone();
        let stand_in = computing.as_ref().and_then(Computing::take_stand_in);
        engine.spawn(|| async move {
            let room = self.room().await;
            // Before the thread goes on, so that paused time does not run on between.
            if let Some(computing) = waiting {
                computing.begin();
            }
            // An op that was aborted meanwhile does not listen.
            let _untold = tell.send(room);
        });
        // Not before the task is there: paused time would run on between.
        drop(stand_in);
        // The run drops the other end when it ends.
        told.blocking_recv().unwrap_or(Err(closed))
    }
}
