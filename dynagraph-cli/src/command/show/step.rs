//! One step: how it ended, its attempts, and what it gave.

use std::fmt;

use dynagraph_runtime::store::StoredStep;
use serde::Serialize;

use super::output::Output;
use crate::command::describe::{how_long, step_status, when};

/// A step, as `--json` prints it, and as text.
#[derive(Debug, Serialize)]
pub(super) struct StepObject {
    step: String,
    op: String,
    version: Option<String>,
    status: &'static str,
    attempts: u32,
    error: Option<String>,
    retries: Vec<Retry>,
    started: Option<String>,
    duration_seconds: f64,
    outputs: Vec<Output>,
    #[serde(skip)]
    took: String,
}

/// An attempt that failed and was followed by another one.
#[derive(Debug, Serialize)]
struct Retry {
    attempt: u32,
    error: String,
    delay_seconds: f64,
}

impl StepObject {
    pub(super) fn of(step: &StoredStep, values: bool) -> Self {
        let retries = step.retries.iter().map(|retry| Retry {
            attempt: retry.attempt,
            error: retry.error.clone(),
            delay_seconds: retry.delay.as_secs_f64(),
        });
        let name = |place: usize| step.node.outputs.get(place).map_or("output", |name| &**name);
        let outputs = step.outputs.iter().enumerate();
        Self {
            step: step.key.to_string(),
            op: step.node.op.clone().into_owned(),
            version: step.node.version.clone().map(Into::into),
            status: step_status(step.status),
            attempts: step.attempts,
            error: step.error.clone(),
            retries: retries.collect(),
            started: step.started.map(when),
            duration_seconds: step.duration.as_secs_f64(),
            outputs: outputs.map(|(at, given)| Output::of(name(at), given, values)).collect(),
            took: how_long(step.duration),
        }
    }

    /// What the step gave: a line for each value, which begins with the step's key.
    pub(super) fn outputs_text(&self) -> String {
        let outputs = self.outputs.iter().map(|output| format!("{} {output}", self.step));
        outputs.collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for StepObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step      {}\nop        {}", self.step, self.op)?;
        if let Some(version) = &self.version {
            write!(f, ", version {version}")?;
        }
        write!(f, "\nstatus    {}\nattempts  {}", self.status, self.attempts)?;
        if let Some(started) = &self.started {
            write!(f, "\nbegan     {started}\ntook      {}", self.took)?;
        }
        if let Some(error) = &self.error {
            write!(f, "\nerror     {error}")?;
        }
        for Retry { attempt, error, .. } in &self.retries {
            write!(f, "\n↻ attempt {attempt}: {error}")?;
        }
        self.outputs.iter().try_for_each(|output| write!(f, "\n→ {output}"))
    }
}
