//! Runs that are stored, and go on after their end.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod arguments;
mod as_json;
mod broken;
mod cached;
mod changed;
mod every_form;
mod interrupted;
mod refused;
mod resumed;
mod unprintable;

use std::collections::BTreeMap;
use std::fmt::Debug;

use dynagraph::prelude::*;
use dynagraph::store::{MemoryStore, RunStore};
use dynagraph::{Run, StepStatus};

use super::support::Log;

/// What was called, in one session of a run: `echo[7]`.
#[derive(Debug, Clone, Default)]
pub(super) struct Calls(Log);

impl Calls {
    pub(super) fn say(&self, ctx: &OpContext) {
        self.0.say(ctx.step_key().to_string());
    }

    /// In no order.
    pub(super) fn list(&self) -> Vec<String> {
        let mut lines = self.0.lines();
        lines.sort();
        lines
    }

    /// How often each op was called.
    pub(super) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for line in self.list() {
            let op = line.split('[').next().unwrap_or_default().to_owned();
            *counts.entry(op).or_default() += 1;
        }
        counts
    }
}

/// Runs a job, and says what was called.
pub(super) async fn session<T: 'static>(run: Run<T>) -> (RunReport<T>, Calls) {
    let calls = Calls::default();
    let report = run.resource(calls.clone()).report().await;
    (report, calls)
}

/// Runs a job, and once more: then no op is called, and the output is the same.
async fn again_calls_nothing<T: Debug + PartialEq + 'static>(job: &Job<T>) {
    let store = MemoryStore::new();
    let (first, calls) = session(job.run().store(store.clone())).await;
    assert_eq!(first.status(), RunStatus::Success, "{:?}", first.error());
    assert!(!calls.list().is_empty());
    let again = job.run().store(store.clone()).resume_last().keep_steps(true);
    let (again, calls) = session(again).await;
    assert_eq!(again.status(), RunStatus::Success, "{:?}", again.error());
    assert_eq!(calls.list(), [""; 0]);
    assert_eq!(again.output(), first.output());
    assert_eq!(again.id(), first.id());
    assert!(again.steps().all(|step| step.status() != StepStatus::Success && step.attempts() == 0));
    assert_eq!(store.runs().unwrap().len(), 1);
}
