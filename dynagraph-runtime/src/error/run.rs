//! Why a step failed, and why a run ended without its output.

use std::fmt;
use std::time::Duration;

use super::{BuildError, ConfigError, Failures, OpError};
use crate::op::EmitError;
use crate::store::StoreError;

/// Why a step failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum StepError {
    /// The op returned an error.
    Op(OpError),
    /// The op panicked, with this message.
    Panicked(String),
    /// The op broke a rule for mapping keys.
    Emit(EmitError),
    /// The attempt took longer than its `timeout`, or was silent for longer than its `idle_timeout`.
    #[non_exhaustive]
    TimedOut {
        /// The time that it had.
        after: Duration,
        /// Whether it was silent for too long, rather than taking too long.
        idle: bool,
        /// Whether the op blocks its thread, and so runs on: it keeps its slots until it returns.
        still_running: bool,
    },
    /// Selected steps need the step, which is not selected itself, and the run goes on from no result of it.
    #[non_exhaustive]
    NotStored {
        /// The node of the step that is missing.
        node: String,
        /// Whether the run goes on from a stored one.
        resumed: bool,
    },
    /// A zip found a key on one side only.
    #[non_exhaustive]
    Unmatched {
        /// The key.
        key: String,
        /// Whether the left side has it; otherwise the right side does.
        left: bool,
    },
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Op(error) => fmt::Display::fmt(error, f),
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::Emit(error) => fmt::Display::fmt(error, f),
            Self::TimedOut { after, idle, still_running } => {
                let what = if *idle { "gave no sign of life for" } else { "timed out after" };
                write!(f, "{what} {after:?}")?;
                if *still_running { f.write_str(", and still blocks its thread") } else { Ok(()) }
            }
            Self::NotStored { node, resumed } => {
                write!(f, "the selected steps need `{node}`, ")?;
                f.write_str(if *resumed {
                    "which the store does not have with these inputs: select it too"
                } else {
                    "which is not selected: select it too, or resume a run that has it"
                })
            }
            Self::Unmatched { key, left } => {
                let side = if *left { "left" } else { "right" };
                write!(f, "the key {key:?} is on the {side} side of the zip only")
            }
        }
    }
}

impl std::error::Error for StepError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Op(error) => error.as_error().source(),
            Self::Emit(error) => Some(error),
            Self::Panicked(_)
            | Self::TimedOut { .. }
            | Self::NotStored { .. }
            | Self::Unmatched { .. } => None,
        }
    }
}

/// Why a run ended without its output.
///
/// Its `Debug` is its message, so that `fn main() -> Result<(), RunError>` prints something to read.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The job is not valid.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Ops ask for resources that the run was not given. No step was run.
    #[error("{}", listed(.0))]
    MissingResources(Vec<MissingResource>),
    /// The run is set up in a way that cannot work. No step was run.
    #[error("{}", listed(.0))]
    Config(Vec<ConfigError>),
    /// Steps failed, and no `collect_partial` tolerates that.
    #[error("{0}")]
    Failed(Failures),
    /// The run took longer than its `timeout`, and what ran was aborted.
    #[error("the run timed out after {after:?}")]
    #[non_exhaustive]
    TimedOut {
        /// The time that it had.
        after: Duration,
    },
    /// The run was canceled.
    #[error("the run was canceled")]
    Canceled,
    /// Parts of the run's selection match no step. Every other step that was selected was run.
    #[error("no step matches `{}`", .0.join("`, `"))]
    NothingMatches(Vec<String>),
    /// The run succeeded, and a step that its output needs was skipped, or was not selected.
    #[error("the run has no output: what gives it was skipped")]
    Skipped,
    /// The run was started outside a tokio runtime.
    #[error("a run needs a tokio runtime: start it inside `#[tokio::main]` or `#[tokio::test]`")]
    NoRuntime,
    /// The run's store refused the run, and no step was run; or it could not store all of it, and keeps what it has.
    #[error("the run's store: {0}")]
    Store(#[from] StoreError),
    /// The engine broke one of its own rules.
    #[error("a fault of dynagraph itself: {0}")]
    Internal(String),
}

impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A resource that ops ask for and a run was not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingResource {
    pub(crate) resource: &'static str,
    pub(crate) ops: Vec<&'static str>,
}

impl MissingResource {
    /// The name of the resource's type.
    pub fn resource(&self) -> &'static str {
        self.resource
    }

    /// The names of the ops that ask for it.
    pub fn ops(&self) -> &[&'static str] {
        &self.ops
    }
}

impl fmt::Display for MissingResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ops = self.ops.join("`, `");
        let resource = self.resource;
        write!(f, "`{ops}` asks for a `Resource<{resource}>`: give it with `run().resource(..)`")
    }
}

/// A single mistake in one line; several in one line each, under their number.
fn listed<T: fmt::Display>(mistakes: &[T]) -> String {
    if let [mistake] = mistakes {
        return mistake.to_string();
    }
    let mut text = format!("{} mistakes in how the run is set up:", mistakes.len());
    for mistake in mistakes {
        text.push_str("\n  ");
        text.push_str(&mistake.to_string());
    }
    text
}
