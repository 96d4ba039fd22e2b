//! Invokes the ops: which one it is follows from the types of what it is given.

use dynagraph::{DynamicHandle, Input, IntoInput, OutputHandle, invoke};

use super::super::op::{Compute, Operands, Outcome, Produce, Produced};
use super::super::producer::{Outputs, Producer};
use super::super::trying::{Policy, TIMEOUT};
use super::super::work::{Operand, Style, Work};

/// Invokes the op that does this work.
pub(super) fn compute<I: Operands, R: Outcome>(work: &Work, given: I::Given) -> OutputHandle<R> {
    let handle = match (work.style == Style::Blocking, work.is_optional()) {
        (false, false) => invoke::<Compute<I, R, false, false>>(given),
        (false, true) => invoke::<Compute<I, R, false, true>>(given),
        (true, false) => invoke::<Compute<I, R, true, false>>(given),
        (true, true) => invoke::<Compute<I, R, true, true>>(given),
    };
    let handle = handle.alias(work.to_string());
    let policy = work.policy.map(Policy::to_retry_policy);
    let handle = policy.into_iter().fold(handle, OutputHandle::retry);
    let handle = match work.timeout() {
        Some(true) => handle.idle_timeout(TIMEOUT),
        Some(false) => handle.timeout(TIMEOUT),
        None => handle,
    };
    match work.max_concurrent {
        Some(limit) => handle.max_concurrent(limit),
        None => handle,
    }
}

pub(super) fn digest<T: Operand>(work: &Work, gathered: OutputHandle<T>) -> OutputHandle<i64> {
    compute::<(Work, T), i64>(work, ((*work).into_input(), gathered.into_input()))
}

/// A producer's handles, whatever its outputs are.
pub(super) struct Handles {
    pub(super) plain: Option<OutputHandle<i64>>,
    pub(super) fans: Vec<DynamicHandle<i64>>,
}

/// Invokes the op with these outputs.
pub(super) fn produce<I: Operand>(producer: &Producer, input: Input<I>) -> Handles {
    let given = (producer.clone().into_input(), input);
    let blocking = producer.pace == Style::Blocking;
    match (blocking, producer.outputs) {
        (false, Outputs::One) => handles(invoke::<Produce<I, false, false, 1>>(given)),
        (true, Outputs::One) => handles(invoke::<Produce<I, true, false, 1>>(given)),
        (false, Outputs::PlainAndOne) => handles(invoke::<Produce<I, false, true, 1>>(given)),
        (true, Outputs::PlainAndOne) => handles(invoke::<Produce<I, true, true, 1>>(given)),
        (false, _) => handles(invoke::<Produce<I, false, false, 2>>(given)),
        (true, _) => handles(invoke::<Produce<I, true, false, 2>>(given)),
    }
}

fn handles<const PLAIN: bool, const FANS: usize>(produced: Produced<PLAIN, FANS>) -> Handles {
    Handles { plain: produced.plain, fans: produced.fans.to_vec() }
}
