//! Invokes the ops: which one it is follows from the types of what it is given.

use dynagraph::{DynamicHandle, Input, IntoInput, OutputHandle, invoke};

use super::super::op::{Compute, Operands, Outcome, Produce, Produced};
use super::super::producer::{Form, Outputs, Producer};
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
    match (blocking, producer.form != Form::List) {
        (false, false) => invoked::<I, false, false>(producer.outputs, given),
        (false, true) => invoked::<I, false, true>(producer.outputs, given),
        (true, false) => invoked::<I, true, false>(producer.outputs, given),
        (true, true) => invoked::<I, true, true>(producer.outputs, given),
    }
}

fn invoked<I: Operand, const BLOCKING: bool, const EMITS: bool>(
    outputs: Outputs,
    given: (Input<Producer>, Input<I>),
) -> Handles {
    match outputs {
        Outputs::One => handles(invoke::<Produce<I, BLOCKING, EMITS, false, 1>>(given)),
        Outputs::PlainAndOne => handles(invoke::<Produce<I, BLOCKING, EMITS, true, 1>>(given)),
        Outputs::Two | Outputs::TwoSparse => {
            handles(invoke::<Produce<I, BLOCKING, EMITS, false, 2>>(given))
        }
    }
}

fn handles<const PLAIN: bool, const FANS: usize>(produced: Produced<PLAIN, FANS>) -> Handles {
    Handles { plain: produced.plain, fans: produced.fans.to_vec() }
}
