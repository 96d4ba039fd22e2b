//! The runtime of dynagraph: everything but the macros.
//!
//! Most programs name the facade, `dynagraph`, which re-exports all of this.
//!
//! # Without the macros
//!
//! What `#[op]` and `#[job]` write can be written by hand: a type that implements [`Op`], a function that calls
//! [`invoke`], and [`Job::compose`].
//!
//! ```
//! use dynagraph_runtime::{
//!     Call, IntoInput, Job, Op, OpSpec, Output, OutputHandle, Returned, RunError, Started, invoke,
//! };
//!
//! struct Double;
//!
//! impl Op for Double {
//!     const NAME: &'static str = "double";
//!     type Inputs = (u64,);
//!     type Output = u64;
//!     type Handles = OutputHandle<u64>;
//!
//!     fn spec() -> OpSpec {
//!         OpSpec::new(&["number"])
//!     }
//!
//!     fn start(call: &mut Call<'_>) -> Started {
//!         let number = call.owned::<u64>();
//!         call.future(async move { Ok(Returned::one(Output::value(number * 2))) })
//!     }
//! }
//!
//! #[track_caller]
//! fn double(number: impl IntoInput<u64>) -> OutputHandle<u64> {
//!     invoke::<Double>((number.into_input(),))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), RunError> {
//! let job = Job::compose("quadruple", || double(double(3)));
//! assert_eq!(job.run().await?, 12);
//! # Ok(())
//! # }
//! ```

mod capture;
#[cfg(feature = "serde")]
pub mod codec;
mod collector;
mod engine;
mod error;
mod event;
mod graph;
mod job;
mod key;
mod keyed;
mod op;
mod partial;
mod plan;
mod run;
mod step;
mod sync;
pub mod time;
mod value;

pub use error::{BuildError, ConfigError, Failures, MissingResource, OpError, RunError, StepError};
pub use event::{Event, EventKind, Events, Metadata, MetadataValue, Observer};
pub use graph::{
    Composed, DynamicHandle, Fanned, GraphEdge, GraphNode, GraphView, Handles, Input, Inputs,
    IntoInput, Mapped, NodeHandle, OutputHandle, Place, invoke,
};
pub use job::{Job, JobOutput};
pub use key::{KeyError, KeyPath, MappingKey, StepKey};
pub use keyed::{IntoIter, Iter, Keyed};
pub use op::{
    Backoff, Call, Captured, DynamicOut, DynamicOutput, EmitError, Jitter, Op, OpContext, OpSpec,
    Output, OutputKind, OutputSpec, Resource, ResourceSpec, RetryPolicy, Returned, RunId, Started,
};
pub use partial::{FailedKey, Partial, Tolerance};
#[cfg(feature = "test")]
pub use run::{Attempted, Later, Replace, StandsFor, TakenBy};
pub use run::{Canceler, Run, RunHandle, RunReport, RunStatus};
pub use step::{StepReport, StepStatus};
pub use value::{Held, Value};

/// What generated code asks of a type. Not part of the public interface.
#[doc(hidden)]
pub mod capturing {
    pub use crate::capture::{Capture, NoCodec, ValueCodec};
}

/// What the sealed traits of handles speak of. Not part of the public interface.
#[doc(hidden)]
pub mod composing {
    pub use crate::graph::{
        AnyNumber, Awaited, By, Composer, Home, JobId, NodeId, PortRef, Raw, RawSource, Ref,
        ScopeId, StreamRef,
    };
    pub use crate::value::Erased;
}
