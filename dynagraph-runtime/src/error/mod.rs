//! Errors: why a job is not valid, why a step failed, why a run ended without its output.

mod build;
mod config;
mod failures;
mod op;
mod printed;
mod run;
mod text;

pub use build::BuildError;
pub use config::ConfigError;
pub use failures::Failures;
pub(crate) use failures::Fatal;
pub use op::OpError;
pub(crate) use op::Retry;
pub(crate) use printed::printed;
pub use run::{MissingResource, RunError, StepError};
pub use text::{AnyFailed, Failed};
