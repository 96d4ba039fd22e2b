//! What costs no step: gates, pairs, and parts of values.

use super::Engine;
use super::attempt::guarded;
use super::outcome::Outcome;
use crate::graph::Wire;
use crate::value::Erased;

/// Computes a wire's value of its inputs, of which the first one is last, and leaves none of these.
pub(super) fn run(engine: &Engine, wire: Wire, inputs: &mut Vec<Erased>) -> Outcome {
    let (Some(first), second) = (inputs.pop(), inputs.pop()) else { return Outcome::FAULT };
    let computed = guarded(engine, move || match (wire, second) {
        (Wire::Forward, _) => Some(first),
        (Wire::Part(take), _) => Some(take(first)),
        (Wire::Pair(pair), Some(second)) => Some(pair(first, second)),
        (Wire::Gate, Some(pass)) => pass.take::<bool>().then_some(first),
        (Wire::Pair(_) | Wire::Gate, None) => None,
    });
    match computed {
        Some(Some(value)) => Outcome::Ready(value),
        Some(None) => Outcome::Skipped,
        None => Outcome::FAULT,
    }
}
