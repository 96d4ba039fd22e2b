//! What steps gave, for the store.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use super::stored_list::StoredList;
use super::{StepPrints, Storing, values};
use crate::engine::Engine;
use crate::engine::ledger::{Ended, How};
use crate::error::{StepError, printed};
use crate::graph::NodeId;
use crate::key::{KeyPath, MappingKey};
use crate::op::{Given, Output, OutputSpec, Outputs, Returned};
use crate::plan::OpPlan;
use crate::step::StepStatus;
use crate::store::{KeyEmitted, OutputRecord, Record, StepEnded, StepUpForRetry, StoredValue};
use crate::value::Erased;

/// A step, and how it came to its end so far.
#[derive(Debug)]
pub(in crate::engine) struct Step<'a> {
    pub(in crate::engine) op: &'a OpPlan,
    pub(in crate::engine) path: KeyPath,
    pub(in crate::engine) how: &'a mut How,
}

/// Where a key was emitted.
#[derive(Debug)]
pub(in crate::engine) struct Emission<'a> {
    pub(in crate::engine) node: NodeId,
    pub(in crate::engine) path: &'a KeyPath,
    pub(in crate::engine) attempt: u32,
    pub(in crate::engine) output: usize,
    /// How many keys the attempt has emitted before.
    pub(in crate::engine) index: u64,
}

impl Storing {
    /// Appends a key that is emitted.
    pub(in crate::engine) fn emitted(
        &self,
        emission: &Emission<'_>,
        spec: &OutputSpec,
        key: &MappingKey,
        value: &Erased,
    ) {
        let Emission { node, path, attempt, output, index } = *emission;
        let Some(node) = self.place(node) else { return };
        let value = self.encoded(emission.node, output, spec, value);
        let output = u32::try_from(output).unwrap_or(u32::MAX);
        self.log.append(Record::KeyEmitted(KeyEmitted {
            node,
            path: path.clone(),
            attempt,
            output,
            index,
            key: key.clone(),
            value,
        }));
    }

    /// Appends that a step succeeded which gave no list. `emitted` says how many keys each output has.
    pub(in crate::engine) fn succeeded(
        &self,
        engine: &Engine,
        step: Step<'_>,
        returned: &Returned,
        emitted: impl Fn(usize) -> u64,
    ) {
        let specs = step.op.spec.outputs.iter().enumerate();
        let outputs = returned.outputs().iter().zip(specs);
        let outputs = outputs.map(|(Output(given), (place, spec))| match given {
            Given::Value(value) => self
                .encoded(step.how.node, place, spec, value)
                .map_or(OutputRecord::NotEncodable, OutputRecord::Value),
            Given::Nothing => OutputRecord::Nothing,
            Given::Emitted | Given::List(_) => OutputRecord::Emitted(emitted(place)),
        });
        let outputs = outputs.collect();
        let How { node, attempts, began, known, .. } = step.how;
        let Some(node) = self.place(*node) else { return };
        let mut ended = StepEnded::new(node, step.path, StepStatus::Success);
        (ended.attempts, ended.outputs) = (*attempts, outputs);
        self.ended(ended, known.prints.take(), engine.times(*began));
    }

    /// A value as it is stored, if it can be.
    fn encoded(
        &self,
        node: NodeId,
        output: usize,
        spec: &OutputSpec,
        value: &Erased,
    ) -> Option<StoredValue> {
        let encoded = values::encode(spec.codec, value, self.stored_as);
        if encoded.is_none() && spec.codec.is_some() {
            self.unstored.add(node, output);
        }
        encoded
    }

    /// Appends that a step failed.
    pub(in crate::engine) fn failed(&self, engine: &Engine, failed: &mut Ended, path: &KeyPath) {
        let Some(node) = self.place(failed.node) else { return };
        let mut ended = StepEnded::new(node, path.clone(), failed.status);
        ended.attempts = failed.attempts;
        ended.error = failed.error.as_ref().map(|error| printed(error.get()));
        self.ended(ended, failed.prints.take(), engine.times(failed.began));
    }

    fn ended(
        &self,
        mut ended: StepEnded,
        prints: Option<Box<StepPrints>>,
        times: Option<(SystemTime, Duration)>,
    ) {
        if let Some(prints) = prints {
            (ended.fingerprint, ended.inputs) = (prints.fingerprint, prints.inputs);
        }
        if let Some((started, duration)) = times {
            (ended.started, ended.duration) = (Some(started), duration);
        }
        self.log.append(Record::StepEnded(ended));
    }

    /// Appends that another attempt follows.
    pub(in crate::engine) fn up_for_retry(
        &self,
        (node, attempt): (NodeId, u32),
        error: &StepError,
        delay: Duration,
        path: KeyPath,
    ) {
        let Some(node) = self.place(node) else { return };
        let error = printed(error);
        let retry = StepUpForRetry { node, path, attempt, error, delay };
        self.log.append(Record::StepUpForRetry(retry));
    }

    /// As [`succeeded`](Self::succeeded), for any step: the keys of its lists come first.
    pub(in crate::engine) async fn keep(
        &self,
        engine: &Engine,
        step: Step<'_>,
        returned: Returned,
        mut emitted: Vec<u64>,
    ) -> Returned {
        let (one, outputs) = match returned.0 {
            Outputs::One(output) => (true, vec![output]),
            Outputs::Many(outputs) => (false, outputs.into_vec()),
        };
        let mut kept = Vec::with_capacity(outputs.len());
        for (output, Output(given)) in outputs.into_iter().enumerate() {
            let Given::List(mut list) = given else {
                kept.push(Output(given));
                continue;
            };
            let mut entries = VecDeque::with_capacity(list.remaining());
            while let Some((key, value)) = list.next() {
                let (path, index) = (&step.path, entries.len() as u64);
                let How { node, attempts: attempt, .. } = *step.how;
                let emission = Emission { node, path, attempt, output, index };
                self.emitted(&emission, &step.op.spec.outputs[output], &key, &value);
                entries.push_back((key, value));
                engine.room_in_store().await;
                tokio::task::coop::consume_budget().await;
            }
            emitted[output] = entries.len() as u64;
            kept.push(Output(Given::List(Box::new(StoredList(entries)))));
        }
        let returned = match kept.pop() {
            Some(output) if one => Returned::one(output),
            last => Returned::many(kept.into_iter().chain(last).collect::<Vec<_>>()),
        };
        self.succeeded(engine, step, &returned, |output| emitted[output]);
        returned
    }
}
