//! A whole run: its steps folded by node, and what failed grouped by cause.

use std::collections::HashMap;
use std::fmt::Write as _;

use dynagraph_runtime::StepStatus;
use dynagraph_runtime::store::{RunState, StoredOutput, StoredRun, StoredStep};
use serde::Serialize;

use super::step::StepObject;
use crate::command::describe::{self, RunObject};
use crate::command::report::{Failure, NAMED_STEPS, Node};
use crate::command::store::OpenStore;
use crate::progress::{self, Tally};

/// The steps of a run, folded.
#[derive(Debug, Default)]
pub(super) struct Folded {
    /// In the order of their first steps.
    tallies: Vec<Tally>,
    failures: Vec<Failure>,
    /// How many steps gave something that cannot be stored.
    not_stored: u64,
}

/// A run, as `--json` prints it.
#[derive(Debug, Serialize)]
pub(super) struct Object<'a> {
    #[serde(flatten)]
    run: RunObject<'a>,
    nodes: Vec<Node<'a>>,
    failures: &'a [Failure],
    not_stored: u64,
    missing: u64,
    damaged: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<StepObject>>,
}

impl Folded {
    pub(super) fn of(run: &StoredRun) -> Self {
        let mut folded = Self::default();
        let (mut nodes, mut causes) = (HashMap::new(), HashMap::new());
        for step in run.steps() {
            let place = *nodes.entry(&*step.node.name).or_insert(folded.tallies.len());
            if place == folded.tallies.len() {
                let node = step.node.name.clone().into_owned();
                folded.tallies.push(Tally { node, ..Tally::default() });
            }
            folded.tallies[place].add(step);
            if step.status == StepStatus::Failure {
                let cause = step.error.as_deref().unwrap_or_default();
                let next = folded.failures.len();
                let place = *causes.entry((&*step.node.name, cause)).or_insert(next);
                folded.fail(place, step, cause);
            }
            let is_not_stored = step.outputs.iter().any(is_not_stored);
            folded.not_stored += u64::from(is_not_stored);
        }
        folded
    }

    fn fail(&mut self, place: usize, step: &StoredStep, cause: &str) {
        if place == self.failures.len() {
            let (node, cause) = (step.node.name.clone().into_owned(), cause.to_owned());
            self.failures.push(Failure { node, cause, count: 0, steps: Vec::new() });
        }
        let failure = &mut self.failures[place];
        failure.count += 1;
        if failure.steps.len() < NAMED_STEPS {
            failure.steps.push(step.key.to_string());
        }
    }

    pub(super) fn object<'a>(
        &'a self,
        run: &'a StoredRun,
        steps: Option<Vec<StepObject>>,
    ) -> Object<'a> {
        Object {
            run: RunObject::of(run.summary()),
            nodes: self.tallies.iter().map(Node::new).collect(),
            failures: &self.failures,
            not_stored: self.not_stored,
            missing: run.missing(),
            damaged: run.damaged(),
            steps,
        }
    }

    pub(super) fn text(&self, run: &StoredRun, store: &OpenStore) -> String {
        let mut text = heading(run);
        for line in progress::summary(&self.tallies) {
            let _ = writeln!(text, "{line}");
        }
        if let RunState::Ended { error: Some(error), .. } = &run.summary().state
            && self.failures.is_empty()
        {
            let _ = writeln!(text, "✗ {error}");
        }
        for failure in &self.failures {
            let Failure { node, cause, count, steps } = failure;
            let example = steps.first().map(String::as_str).unwrap_or_default();
            let _ = match count {
                1 => writeln!(text, "✗ `{example}`: {cause}"),
                count => writeln!(text, "✗ {count} of `{node}`: {cause} (such as `{example}`)"),
            };
        }
        let again = [
            (self.not_stored, "step", "gave what cannot be stored"),
            (run.missing(), "step", "emitted keys that are lost"),
            (run.damaged(), "record", "cannot be read"),
        ];
        for (count, what, why) in again.iter().filter(|(count, ..)| *count > 0) {
            let s = if *count == 1 { "" } else { "s" };
            let _ = writeln!(text, "{count} {what}{s} {why}: a resume runs that again");
        }
        let summary = run.summary();
        match &summary.state {
            RunState::Live { .. } => {
                let call = store.call(format_args!("cancel {}", summary.id));
                let _ = writeln!(text, "cancel it with `{call}`");
            }
            _ if !describe::has_succeeded(summary) => {
                let call = store.call(format_args!("resume {}", summary.id));
                let _ = writeln!(text, "resume it with `{call}`");
            }
            _ => {}
        }
        text
    }
}

fn is_not_stored(output: &StoredOutput) -> bool {
    match output {
        StoredOutput::NotEncodable => true,
        StoredOutput::Emitted(keys) => keys.iter().any(|key| key.value.is_none()),
        StoredOutput::Value(_) | StoredOutput::Nothing => false,
    }
}

/// What is known of the run as a whole.
fn heading(run: &StoredRun) -> String {
    let run = run.summary();
    let mut text = format!("run        {}\njob        {}\n", run.id, run.job);
    if !run.arguments.is_empty() {
        let _ = writeln!(text, "arguments  {}", describe::arguments(run));
    }
    let _ = writeln!(text, "began      {}", describe::when(run.started));
    if let Some(took) = describe::took(run) {
        let _ = writeln!(text, "took       {}", describe::how_long(took));
    }
    let _ = write!(text, "state      {}", describe::state(&run.state));
    let _ = match &run.state {
        RunState::Live { owner, .. } => writeln!(text, ", owned by {owner}"),
        _ => writeln!(text),
    };
    text
}

impl Tally {
    fn add(&mut self, step: &StoredStep) {
        self.retries += step.retries.len() as u64;
        let count = match step.status {
            StepStatus::Success => &mut self.success,
            StepStatus::Failure => &mut self.failure,
            StepStatus::Skipped => &mut self.skipped,
            StepStatus::UpstreamFailed => &mut self.upstream_failed,
            StepStatus::Canceled => &mut self.canceled,
            StepStatus::Cached => &mut self.cached,
            _ => return,
        };
        *count += 1;
    }
}
