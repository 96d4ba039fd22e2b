//! What a step is given, as its fingerprint sees it.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, Weak};

use super::values;
use crate::capture::ValueCodec;
use crate::plan::OpPlan;
use crate::store::{Fingerprint, InputPrint};
use crate::sync::lock;
use crate::value::Erased;

/// How many shared values are remembered at least, before those that are gone are forgotten.
const FEWEST: usize = 64;

/// What a step is given.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct StepPrints {
    /// What its result depends on. None if an input cannot be encoded.
    pub(in crate::engine) fingerprint: Option<Fingerprint>,
    /// Of each input; none where it cannot be encoded.
    pub(super) inputs: Vec<Option<InputPrint>>,
}

/// The fingerprints of values that several steps share, so that none is encoded for each of them.
#[derive(Debug, Default)]
pub(super) struct Prints(Mutex<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// By address.
    known: HashMap<usize, Remembered>,
    /// Those that are gone are forgotten when there are so many.
    sweep_at: usize,
}

#[derive(Debug)]
struct Remembered {
    /// While this is here, nothing else has the value's address.
    value: Weak<dyn Any + Send + Sync>,
    print: Arc<OnceLock<Option<Fingerprint>>>,
}

impl Prints {
    /// What the result of a step depends on; nobody knows if an input cannot be encoded. The first input is the last.
    pub(super) fn of_step(&self, op: &OpPlan, inputs: &[Erased]) -> StepPrints {
        let codecs = &op.spec.input_codecs;
        if codecs.len() < inputs.len() {
            return StepPrints { fingerprint: None, inputs: vec![None; inputs.len()] };
        }
        let prints = inputs.iter().rev().zip(codecs).map(|(input, codec)| self.of(*codec, input));
        // Within a run, a step is known by its node. In other runs, another op may have the name.
        let name = if op.spec.cached { op.op_path } else { op.op_name };
        values::step_print(name, op.spec.version, prints)
    }

    fn of(&self, codec: Option<ValueCodec>, value: &Erased) -> Option<Fingerprint> {
        let codec = codec?;
        let Some((address, weak)) = value.shared() else { return values::print(codec, value) };
        let print = lock(&self.0).of(address, weak);
        *print.get_or_init(|| values::print(codec, value))
    }
}

impl Shared {
    fn of(
        &mut self,
        address: usize,
        value: Weak<dyn Any + Send + Sync>,
    ) -> Arc<OnceLock<Option<Fingerprint>>> {
        if self.known.len() >= self.sweep_at.max(FEWEST) {
            self.known.retain(|_, remembered| remembered.value.strong_count() > 0);
            self.sweep_at = 2 * self.known.len();
        }
        let new = || Remembered { value, print: Arc::default() };
        Arc::clone(&self.known.entry(address).or_insert_with(new).print)
    }
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use super::*;

    #[test]
    fn a_shared_value_is_known_until_it_is_gone() {
        let prints = Prints::default();
        let codec = Some(ValueCodec::of::<String>());
        let value = Erased::new("a".to_owned());
        let print = prints.of(codec, &value);
        assert!(print.is_some());
        assert_eq!(lock(&prints.0).known.len(), 0);
        let other = value.clone();
        assert_eq!(prints.of(codec, &other), print);
        assert_eq!(lock(&prints.0).known.len(), 1);
        drop(other);
        for n in 0..10 * FEWEST {
            let value = Erased::new(n.to_string());
            let other = value.clone();
            assert_ne!(prints.of(codec, &other), print);
        }
        assert!(lock(&prints.0).known.len() <= FEWEST + 1);
        assert_eq!(prints.of(codec, &value.clone()), print);
    }
}
