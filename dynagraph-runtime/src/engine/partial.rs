//! Fan-in that tolerates failed keys: what `collect_partial` does.

use std::sync::Arc;

use super::Engine;
use super::cause::Cause;
use super::gather::in_order;
use super::outcome::Outcome;
use crate::graph::PartialGather;
use crate::key::MappingKey;
use crate::partial::{Exceeded, FailedKey};
use crate::sync::lock;
use crate::value::Erased;

type Values = Vec<(u64, MappingKey, Outcome)>;

/// What the keys of a fan-out gave, in order, as a value of the instance around.
#[derive(Clone)]
struct Parts(Vec<(MappingKey, Outcome)>);

/// Gathers what every key gave.
pub(super) fn parts(values: Values, nested: bool) -> Outcome {
    match joined(values, nested) {
        Ok(parts) => Outcome::Ready(Erased::new(parts)),
        Err(cause) => Outcome::Failed(cause),
    }
}

/// Makes one value of what keys gave, if few enough of them failed.
pub(super) fn judged(engine: &Engine, values: Values, by: PartialGather) -> Outcome {
    let Parts(parts) = match joined(values, by.nested) {
        Ok(parts) => parts,
        Err(cause) => return Outcome::Failed(cause),
    };
    let (mut values, mut failed, mut causes) = (Vec::with_capacity(parts.len()), vec![], vec![]);
    for (key, outcome) in parts {
        match outcome {
            Outcome::Ready(value) => values.push((key, value)),
            Outcome::Skipped => {}
            Outcome::Failed(cause) => {
                failed.extend(failed_key(key, &cause));
                causes.push(cause);
            }
        }
    }
    let total = values.len() + failed.len();
    // A failure whose cause is unknown is never tolerated.
    let known = failed.len() == causes.len();
    if !known {
        return Outcome::Failed(Cause::merged(causes));
    }
    if !by.tolerance.allows(failed.len(), total) {
        let steps = failed.into_iter().map(|failed| failed.step).collect();
        let PartialGather { at, tolerance, .. } = by;
        lock(&engine.exceeded).push(Exceeded { at, tolerance, steps, total });
        return Outcome::Failed(Cause::merged(causes));
    }
    engine.accepted.add(causes);
    Outcome::Ready((by.make)(values, failed))
}

/// Puts what keys gave in order; where they gave parts themselves, these, with the paths of their keys.
fn joined(values: Values, nested: bool) -> Result<Parts, Cause> {
    let values = values.into_iter().map(|(index, key, value)| (index, Some((key, value))));
    let parts = in_order(values);
    if !nested {
        return Ok(Parts(parts));
    }
    let (mut all, mut causes, mut missing) = (Vec::new(), Vec::new(), false);
    for (outer, inner) in parts {
        match inner {
            Outcome::Ready(inner) => {
                let Parts(inner) = inner.take();
                let inner = inner.into_iter();
                all.extend(inner.map(|(key, part)| (MappingKey::join(&outer, &key), part)));
            }
            Outcome::Skipped => {}
            Outcome::Failed(cause) => {
                missing = true;
                causes.push(cause);
            }
        }
    }
    if missing { Err(Cause::merged(causes)) } else { Ok(Parts(all)) }
}

fn failed_key(key: MappingKey, cause: &Cause) -> Option<FailedKey> {
    let step = cause.first()?;
    Some(FailedKey {
        key,
        step: step.key.clone(),
        error: Arc::clone(&step.error),
        attempts: step.attempts,
    })
}
