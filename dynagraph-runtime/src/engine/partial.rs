//! Fan-in that tolerates failed keys: what `collect_partial` does.

use std::sync::Arc;

use super::Engine;
use super::cause::Cause;
use super::outcome::Outcome;
use crate::graph::PartialGather;
use crate::key::MappingKey;
use crate::partial::{Exceeded, FailedKey};
use crate::sync::lock;
use crate::value::Erased;

/// What the keys of a fan-out gave, as a value of the instance around.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    /// With their keys, as one value.
    pub(super) values: Erased,
    pub(super) failed: Vec<(MappingKey, Cause)>,
}

/// Makes one value of what keys gave, if few enough of them failed.
pub(super) fn judged(
    engine: &Engine,
    values: Erased,
    failed: Vec<(MappingKey, Cause)>,
    by: PartialGather,
) -> Outcome {
    let (mut failed_keys, mut causes) = (Vec::with_capacity(failed.len()), Vec::new());
    for (key, cause) in failed {
        failed_keys.extend(failed_key(key, &cause));
        causes.push(cause);
    }
    let total = (by.count)(&values) + failed_keys.len();
    // A failure whose cause is unknown is never tolerated.
    let known = failed_keys.len() == causes.len();
    if !known {
        return Outcome::Failed(Cause::merged(causes));
    }
    if !by.tolerance.allows(failed_keys.len(), total) {
        let steps = failed_keys.into_iter().map(|failed| failed.step).collect();
        let PartialGather { at, tolerance, .. } = by;
        lock(&engine.exceeded).push(Exceeded { at, tolerance, steps, total });
        return Outcome::Failed(Cause::merged(causes));
    }
    engine.accepted.add(causes);
    Outcome::Ready((by.make)(values, failed_keys))
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
