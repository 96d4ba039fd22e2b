//! Steps that need not be run again.

use super::stored_list::StoredList;
use super::{Known, Storing, values};
use crate::key::KeyPath;
use crate::op::{Given, Output, OutputKind, OutputSpec, Returned};
use crate::plan::OpPlan;
use crate::step::StepStatus;
use crate::store::{
    Fingerprint, KeyEmitted, OutputRecord, Record, StepEnded, StoredKey, StoredOutput, StoredStep,
};
use crate::value::Erased;

impl Storing {
    /// Says what is known of a step by its inputs, the first one last, that is run whatever is stored.
    pub(in crate::engine) fn known(
        &self,
        op: &OpPlan,
        inputs: &[Erased],
        path: impl FnOnce() -> KeyPath,
    ) -> Known {
        if let Some(past) = &self.past {
            past.run_anew(op, &path());
        }
        Known { cached: false, prints: Some(Box::new(self.prints.of_step(op, inputs))) }
    }

    /// Says what is known of a step by its inputs, the first one last, and what it gave if it is stored.
    ///
    /// It is the same step if its node, its keys, its op, the op's version and all of its inputs are. In another run, where
    /// only steps of cached ops are looked for, it may be any node and any keys.
    pub(in crate::engine) fn recall(
        &self,
        op: &OpPlan,
        inputs: &[Erased],
        path: impl FnOnce() -> KeyPath,
    ) -> (Known, Option<Returned>) {
        let prints = self.prints.of_step(op, inputs);
        let mut given = None;
        if self.past.is_some() || (self.cache.is_some() && op.spec.cached) {
            let path = path();
            let past = self.past.as_ref();
            given = past.and_then(|past| past.recall(op, &prints, &path));
            if let (None, Some(fingerprint)) = (&given, prints.fingerprint) {
                given = self.reuse(op, fingerprint, path);
            }
        }
        let cached = given.is_some();
        (Known { cached, prints: Some(Box::new(prints)) }, given)
    }

    /// What another run has of a step. This one is told of it, so that it has all of its own values.
    fn reuse(&self, op: &OpPlan, fingerprint: Fingerprint, path: KeyPath) -> Option<Returned> {
        let (node, step) = self.cache.as_ref()?.find(op, fingerprint)?;
        let given = returned(&step, &op.spec.outputs)?;
        self.log.append_all(&mut records(node, path, step));
        Some(given)
    }
}

/// What a stored step gave, if all of it is there.
pub(super) fn returned(step: &StoredStep, specs: &[OutputSpec]) -> Option<Returned> {
    if !step.status.is_good() || step.outputs.len() != specs.len() {
        return None;
    }
    let outputs = step.outputs.iter().zip(specs);
    let mut outputs = outputs.map(|(output, spec)| given(output, spec).map(Output));
    match specs.len() {
        1 => outputs.next()?.map(Returned::one),
        _ => outputs.collect::<Option<Vec<_>>>().map(Returned::many),
    }
}

/// What an output gave, if all of it is there.
fn given(output: &StoredOutput, spec: &OutputSpec) -> Option<Given> {
    match (output, spec.kind) {
        (StoredOutput::Value(value), OutputKind::Plain | OutputKind::Optional) => {
            values::decode(spec.codec, value).map(Given::Value)
        }
        (StoredOutput::Nothing, OutputKind::Optional) => Some(Given::Nothing),
        (StoredOutput::Emitted(keys), OutputKind::Dynamic) => {
            let entry = |key: &StoredKey| {
                Some((key.key.clone(), values::decode(spec.codec, key.value.as_ref()?)?))
            };
            let entries = keys.iter().map(entry).collect::<Option<_>>()?;
            Some(Given::List(Box::new(StoredList(entries))))
        }
        _ => None,
    }
}

/// A step of another run as one of this run that was cached: its keys, then its end.
fn records(node: u32, path: KeyPath, step: StoredStep) -> Vec<Record> {
    let mut end = StepEnded::new(node, path.clone(), StepStatus::Cached);
    end.attempts = 0;
    (end.fingerprint, end.inputs) = (step.fingerprint, step.inputs);
    let mut records = Vec::new();
    for (output, given) in (0..).zip(step.outputs) {
        end.outputs.push(match given {
            StoredOutput::Value(value) => OutputRecord::Value(value),
            StoredOutput::NotEncodable => OutputRecord::NotEncodable,
            StoredOutput::Nothing => OutputRecord::Nothing,
            StoredOutput::Emitted(keys) => {
                let count = keys.len() as u64;
                records.extend(keys.into_iter().map(|StoredKey { index, key, value }| {
                    let (path, attempt) = (path.clone(), end.attempts);
                    Record::KeyEmitted(KeyEmitted {
                        node,
                        path,
                        attempt,
                        output,
                        index,
                        key,
                        value,
                    })
                }));
                OutputRecord::Emitted(count)
            }
        });
    }
    records.push(Record::StepEnded(end));
    records
}
