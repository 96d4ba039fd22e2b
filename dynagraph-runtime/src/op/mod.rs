//! What an op is, and what it is given: its inputs, its context, its resources and its dynamic outputs.

mod answer;
mod call;
mod cancellation;
mod context;
mod dynamic;
mod each;
mod provided;
mod resource;
mod retry;
mod returned;
mod running;
mod spec;

use std::fmt;
use std::marker::PhantomData;

pub(crate) use answer::OpResult;
pub use call::{Call, Started};
pub(crate) use call::{Environment, Keys, Progress};
pub(crate) use cancellation::Cancellation;
pub(crate) use context::StepInfo;
pub use context::{OpContext, RunId};
pub use dynamic::{Captured, DynamicOut, DynamicOutput, EmitError};
pub(crate) use dynamic::{Port, Refused, check_key};
pub use each::{OnlyInput, Owned};
pub use provided::Provided;
pub use resource::Resource;
pub use retry::{Backoff, Jitter, RetryPolicy};
pub(crate) use returned::{Given, List, Outputs};
pub use returned::{Output, Returned};
pub(crate) use running::Running;
pub use spec::{OpSpec, OutputKind, OutputSpec, ResourceSpec};
pub(crate) use spec::{PoolUse, StepRules};

/// A unit of work: a function that can be invoked in a job.
///
/// `#[op]` writes the implementation; [everything it writes](crate#without-the-macros) can be written by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an op",
    label = "not an op",
    note = "an op is the type that `#[op]` makes beside a function, under the function's name"
)]
pub trait Op: Sized + 'static {
    /// The op's name, which its nodes and steps carry.
    const NAME: &'static str;

    /// What it takes: a tuple of owned types, in the order of its parameters.
    type Inputs: crate::graph::Inputs;

    /// What one step of it gives, or one mapping key of it if its output is dynamic.
    ///
    /// For an op of several outputs this is [`Op::Handles`].
    type Output: 'static;

    /// What invoking it in a job gives.
    type Handles: crate::graph::Handles;

    /// What the engine knows of the op before it runs it.
    fn spec() -> OpSpec;

    /// Starts one attempt of one step.
    ///
    /// An op whose spec is blocking does its work here, on a thread that may block, and [ends](Call::done).
    /// Any other op returns at once, with [a future](Call::future) that does it.
    fn start(call: &mut Call<'_>) -> Started;
}

/// An op with its type erased.
pub(crate) trait ErasedOp: Send + Sync {
    fn start(&self, call: &mut Call<'_>) -> Started;

    /// Starts the steps of many keys, one after the other.
    fn start_all(&self, call: &mut Call<'_>) {
        call.all(|call| {
            self.start(call);
        });
    }
}

/// Stands for an op where only its behaviour matters.
pub(crate) struct Behavior<O>(PhantomData<fn() -> O>);

impl<O: Op> Behavior<O> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<O: Op> ErasedOp for Behavior<O> {
    fn start(&self, call: &mut Call<'_>) -> Started {
        O::start(call)
    }
}

impl fmt::Debug for dyn ErasedOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErasedOp")
    }
}
