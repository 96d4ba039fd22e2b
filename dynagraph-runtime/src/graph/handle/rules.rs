//! How the steps of one use of an op are run, as its handle says.

use std::num::NonZeroU32;
use std::panic::Location;
use std::time::Duration;

use super::super::PortRef;
use super::super::composer::Ref;
use super::output::describe;
use crate::error::BuildError;
use crate::op::{PoolUse, RetryPolicy, StepRules};

type At = &'static Location<'static>;

#[track_caller]
pub(super) fn retry(port: Ref<PortRef>, policy: RetryPolicy, at: At) {
    describe(port, "retry", at, |_, op| op.spec.rules.retry = Some(policy));
}

/// Changes a limit of time, as `.timeout(..)` and `.idle_timeout(..)` do.
#[track_caller]
pub(super) fn limit_time(
    port: Ref<PortRef>,
    method: &'static str,
    timeout: Duration,
    at: At,
    place: impl FnOnce(&mut StepRules) -> &mut Option<Duration>,
) {
    describe(port, method, at, |mistake, op| match timeout {
        Duration::ZERO => *mistake = Some(BuildError::ZeroTimeout { method, at }),
        timeout => *place(&mut op.spec.rules) = Some(timeout),
    });
}

/// Names a pool, as `.pool(..)` and `.weighted_pool(..)` do.
#[track_caller]
pub(super) fn pool(port: Ref<PortRef>, method: &'static str, name: String, weight: u32, at: At) {
    describe(port, method, at, |mistake, op| match NonZeroU32::new(weight) {
        Some(weight) => op.spec.rules.pool = Some(PoolUse { name: name.into(), weight }),
        None => *mistake = Some(BuildError::ZeroWeight { pool: name, at }),
    });
}
