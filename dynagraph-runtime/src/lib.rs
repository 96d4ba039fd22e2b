//! The runtime of dynagraph.

mod engine;
mod error;
mod graph;
mod job;
mod key;
mod keyed;
mod op;
mod plan;
mod run;
mod step;
mod value;

pub use error::{BuildError, Failures, MissingResource, OpError, RunError, StepError};
pub use graph::{
    Composed, DynamicHandle, Fanned, GraphEdge, GraphNode, GraphView, Handles, Input, Inputs,
    IntoInput, MapOrCollectFirst, Mapped, NodeHandle, OutputHandle, Place, invoke,
};
pub use job::{Job, JobOutput};
pub use key::{KeyError, KeyPath, MappingKey, StepKey};
pub use keyed::{IntoIter, Iter, Keyed};
pub use op::{
    Call, Captured, DynamicOut, DynamicOutput, EmitError, Op, OpContext, OpSpec, Output,
    OutputKind, OutputSpec, Resource, ResourceSpec, Returned, RunId, Started,
};
pub use run::{Run, RunHandle, RunReport, RunStatus};
pub use step::{StepReport, StepStatus};
pub use value::{Held, Value};

/// What the sealed traits of handles speak of. Not part of the public interface.
#[doc(hidden)]
pub mod composing {
    pub use crate::graph::{
        By, Composer, Home, JobId, NodeId, PortRef, Raw, RawSource, Ref, ScopeId, StreamRef,
    };
    pub use crate::value::Erased;
}
