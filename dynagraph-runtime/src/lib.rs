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
//!     Call, IntoInput, Job, Op, OpSpec, OutputHandle, Owned, RunError, Started, invoke,
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
//!         call.each_later::<Owned<u64>, u64, _>(|_, Owned(number)| async move { Ok(number * 2) })
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
#[cfg(feature = "registry")]
pub mod registry;
mod run;
mod selection;
mod step;
pub mod store;
mod sync;
pub mod time;
#[cfg(not(feature = "registry"))]
mod unlisted;
mod value;

pub use error::{BuildError, ConfigError, Failures, MissingResource, OpError, RunError, StepError};
pub use event::{Event, EventKind, Events, Metadata, MetadataValue, Observer};
pub use graph::{
    Composed, DynamicHandle, Fanned, GraphEdge, GraphNode, GraphOutput, GraphScope, GraphView,
    Handles, Input, Inputs, IntoInput, Mapped, NodeHandle, OutputHandle, Place, ScopeSource,
    invoke,
};
pub use job::{Job, JobOutput};
pub use key::{KeyError, KeyPath, MappingKey, StepKey};
pub use keyed::{IntoIter, Iter, Keyed};
pub use op::{
    Backoff, Call, Captured, DynamicOut, DynamicOutput, EmitError, Jitter, OnlyInput, Op,
    OpContext, OpSpec, Output, OutputKind, OutputSpec, Owned, Provided, Resource, ResourceSpec,
    RetryPolicy, Returned, RunId, Started,
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
    pub use crate::capture::{Capture, Captured, NoCodec, ValueCodec};
    pub use crate::error::{AnyFailed, Failed};
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
