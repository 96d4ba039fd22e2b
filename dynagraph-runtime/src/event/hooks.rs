//! What a job calls after its steps.

use std::fmt;
use std::sync::Arc;

use super::guest::Guest;
use crate::step::{StepReport, StepStatus};

type Hook = dyn Fn(&StepReport) + Send + Sync;

/// The hooks of a job, or of one run of it.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    success: Vec<Guest<Hook>>,
    failure: Vec<Guest<Hook>>,
}

impl Hooks {
    pub(crate) fn on_success(&mut self, hook: impl Fn(&StepReport) + Send + Sync + 'static) {
        self.success.push(Guest::new(Arc::new(hook)));
    }

    pub(crate) fn on_failure(&mut self, hook: impl Fn(&StepReport) + Send + Sync + 'static) {
        self.failure.push(Guest::new(Arc::new(hook)));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.success.is_empty() && self.failure.is_empty()
    }

    /// Whether a step that ends so is told to one.
    pub(crate) fn any(&self, status: StepStatus) -> bool {
        !self.of(status).is_empty()
    }

    /// Calls those that a step's end concerns.
    pub(crate) fn call(&self, step: &StepReport) {
        for hook in self.of(step.status()) {
            hook.call(|hook| hook(step));
        }
    }

    fn of(&self, status: StepStatus) -> &[Guest<Hook>] {
        match status {
            StepStatus::Success => &self.success,
            StepStatus::Failure => &self.failure,
            StepStatus::Skipped
            | StepStatus::UpstreamFailed
            | StepStatus::Canceled
            | StepStatus::Cached => &[],
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("success", &self.success.len())
            .field("failure", &self.failure.len())
            .finish()
    }
}
