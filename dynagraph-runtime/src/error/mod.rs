//! Errors: why a job is not valid, why a step failed, why a run ended without its output.

mod build;
mod op;
mod run;

pub use build::BuildError;
pub use op::OpError;
pub use run::{Failures, MissingResource, RunError, StepError};
