//! How the steps of one use of an op are run, as its handle says.

use std::num::NonZeroU32;
use std::panic::Location;
use std::time::Duration;

use super::super::PortRef;
use super::super::composer::Ref;
use super::output::describe;
use crate::error::BuildError;
use crate::op::{PoolUse, RetryPolicy};

type At = &'static Location<'static>;

#[track_caller]
pub(super) fn retry(port: Ref<PortRef>, policy: RetryPolicy, at: At) {
    describe(port, "retry", at, |_, op| op.spec.rules.retry = Some(policy));
}

#[track_caller]
pub(super) fn timeout(port: Ref<PortRef>, timeout: Duration, at: At) {
    let method = "timeout";
    describe(port, method, at, |mistake, op| match timeout {
        Duration::ZERO => *mistake = Some(BuildError::ZeroTimeout { method, at }),
        timeout => op.spec.rules.timeout = Some(timeout),
    });
}

#[track_caller]
pub(super) fn idle_timeout(port: Ref<PortRef>, timeout: Duration, at: At) {
    let method = "idle_timeout";
    describe(port, method, at, |mistake, op| match timeout {
        Duration::ZERO => *mistake = Some(BuildError::ZeroTimeout { method, at }),
        timeout => op.spec.rules.idle_timeout = Some(timeout),
    });
}

#[track_caller]
pub(super) fn pool(port: Ref<PortRef>, name: String, weight: u32, at: At) {
    let method = "weighted_pool";
    describe(port, method, at, |mistake, op| match NonZeroU32::new(weight) {
        Some(weight) => op.spec.rules.pool = Some(PoolUse { name: name.into(), weight }),
        None => *mistake = Some(BuildError::Zero { method, at }),
    });
}
