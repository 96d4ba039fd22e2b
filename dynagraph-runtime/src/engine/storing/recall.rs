//! Steps that need not be run again.

use super::stored_list::StoredList;
use super::{Known, Storing, values};
use crate::key::KeyPath;
use crate::op::{Given, Output, OutputKind, OutputSpec, Returned};
use crate::plan::OpPlan;
use crate::step::StepStatus;
use crate::store::{Fingerprint, StoredOutput};
use crate::value::Erased;

impl Storing {
    /// Says what is known of a step by its inputs, the first one last, whatever is stored.
    pub(in crate::engine) fn known(&self, op: &OpPlan, inputs: &[Erased]) -> Known {
        Known { fingerprint: self.prints.of_step(op, inputs), cached: false }
    }

    /// Says what is known of a step by its inputs, the first one last, and what it gave if it is stored.
    ///
    /// It is the same step if its node, its keys, its op, the op's version and all of its inputs are.
    pub(in crate::engine) fn recall(
        &self,
        op: &OpPlan,
        inputs: &[Erased],
        path: impl FnOnce() -> KeyPath,
    ) -> (Known, Option<Returned>) {
        let fingerprint = self.prints.of_step(op, inputs);
        let returned = fingerprint.and_then(|fingerprint| self.stored(op, fingerprint, &path()));
        (Known { fingerprint, cached: returned.is_some() }, returned)
    }

    fn stored(&self, op: &OpPlan, fingerprint: Fingerprint, path: &KeyPath) -> Option<Returned> {
        let step = self.past.as_ref()?.step(&op.name, path)?;
        let specs = &op.spec.outputs;
        let is_same = step.status == StepStatus::Success && step.fingerprint == Some(fingerprint);
        if !is_same || step.outputs.len() != specs.len() {
            return None;
        }
        let outputs = step.outputs.iter().zip(specs);
        let mut outputs = outputs.map(|(output, spec)| given(output, spec).map(Output));
        match specs.len() {
            1 => outputs.next()?.map(Returned::one),
            _ => outputs.collect::<Option<Vec<_>>>().map(Returned::many),
        }
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
            let entry = |key: &crate::store::StoredKey| {
                Some((key.key.clone(), values::decode(spec.codec, key.value.as_ref()?)?))
            };
            let entries = keys.iter().map(entry).collect::<Option<_>>()?;
            Some(Given::List(Box::new(StoredList(entries))))
        }
        _ => None,
    }
}
