//! What tells a run from the one that is expected.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;

use dynagraph::{RunStatus, StepStatus};

use super::outcome::{Outcome, Path, Status, step_key};
use super::reference::Expected;
use super::run::Ran;
use super::shape::Shape;
use super::strategy::Setting;
use super::work::Operand as _;

impl Ran {
    /// Says how the run differs from what is expected: the most telling differences first.
    pub(super) fn differences(&self, expected: &Expected) -> Vec<String> {
        let mut differences = self.outcome(expected);
        self.recorder.look(|seen| {
            differences.told("computed by", &seen.values, &expected.computed);
            differences.told("attempts of", &seen.attempts, &expected.attempts);
            for ((step, key), named) in &seen.blamed {
                let known = expected.blamed.get(&(step.clone(), key.clone()));
                if !named.iter().all(|step| known.is_some_and(|known| known.contains(step))) {
                    differences.0.push(format!("{step} was told {named:?}, of {known:?}"));
                }
            }
        });
        differences.0
    }

    /// As [`differences`](Self::differences), whatever the ops told.
    pub(super) fn outcome(&self, expected: &Expected) -> Differences {
        let mut differences = Differences::default();
        for node in self.steps.keys().chain(expected.steps.keys()).collect::<BTreeSet<_>>() {
            differences.steps(node, self.steps.get(node), expected.steps.get(node));
        }
        if !self.order.is_sorted() {
            differences.0.push(format!("steps not in graph order: {:?}", self.order));
        }
        // A copy is given up as a whole, and maps over one output that stand in one place share their copies, which the
        // reference keeps apart. So a run may survive more than it says once a failed key was accepted; that is left open.
        let is_open = !expected.survives && expected.accepts;
        let failed = if is_open { self.status != RunStatus::Success } else { !expected.survives };
        let (status, error) = if failed {
            (RunStatus::Failure, self.error.clone().or(Some("an error".to_owned())))
        } else {
            (RunStatus::Success, None)
        };
        differences.differ("status", &self.status, &status);
        differences.differ("error", &self.error, &error);
        let output = match &expected.output {
            Some(Outcome::Ready(value)) if !failed => Some(value.clone()),
            None if !failed => Some(().to_v()),
            _ => None,
        };
        differences.differ("output", &self.output, &output);
        differences
    }

    /// Says which limits were exceeded, the end of the run among them.
    pub(super) fn exceeded(&self, shape: &Shape, setting: Setting) -> Vec<String> {
        let mut exceeded = Differences::default();
        self.recorder.look(|seen| {
            let limit = setting.max_concurrent.unwrap_or(usize::MAX);
            exceeded.limit("the run", seen.running.most, limit);
            for (node, gauge) in &seen.running_of {
                let limit = shape.limits.get(node).copied().unwrap_or(usize::MAX);
                exceeded.limit(&format!("n{node}"), gauge.most, limit);
            }
            exceeded.limit("after the end", seen.running.now, 0);
        });
        exceeded.0
    }
}

/// A step as a report has it: key, status and number of attempts.
pub(super) fn step_as_reported(
    node: &str,
    (path, (status, attempts)): (&Path, &(Status, u32)),
) -> (String, StepStatus, u32) {
    let status = match status {
        Status::Success => StepStatus::Success,
        Status::Failure => StepStatus::Failure,
        Status::Skipped => StepStatus::Skipped,
        Status::UpstreamFailed => StepStatus::UpstreamFailed,
    };
    (step_key(node, path), status, *attempts)
}

#[derive(Default)]
pub(super) struct Differences(pub(super) Vec<String>);

impl Differences {
    pub(super) fn differ<T: PartialEq + Debug>(&mut self, what: &str, is: &T, should_be: &T) {
        if is != should_be {
            self.0.push(format!("{what}: {is:?} instead of {should_be:?}"));
        }
    }

    fn limit(&mut self, what: &str, most: usize, limit: usize) {
        if most > limit {
            self.0.push(format!("{what}: {most} steps at once, and the limit is {limit}"));
        }
    }

    /// Compares the steps of one node, in order.
    fn steps(
        &mut self,
        node: &str,
        are: Option<&Vec<(String, StepStatus, u32)>>,
        should_be: Option<&BTreeMap<Path, (Status, u32)>>,
    ) {
        let should_be = should_be.into_iter().flatten();
        let should_be: Vec<_> = should_be.map(|step| step_as_reported(node, step)).collect();
        let are = are.map_or(&[][..], Vec::as_slice);
        if are == should_be {
            return;
        }
        let missing: Vec<_> = should_be.iter().filter(|step| !are.contains(step)).collect();
        let extra: Vec<_> = are.iter().filter(|step| !should_be.contains(step)).collect();
        self.0.push(match (missing.as_slice(), extra.as_slice()) {
            ([], []) => {
                format!("steps in another order, or twice: {are:?} instead of {should_be:?}")
            }
            _ => format!("steps {extra:?} instead of {missing:?}"),
        });
    }

    /// Compares what each step told, in whatever order it did.
    fn told<T: Ord + Clone + Debug>(
        &mut self,
        what: &str,
        are: &HashMap<String, Vec<T>>,
        should_be: &BTreeMap<String, Vec<T>>,
    ) {
        let sorted = |values: &Vec<T>| {
            let mut values = values.clone();
            values.sort_unstable();
            values
        };
        for step in are.keys().chain(should_be.keys()).collect::<BTreeSet<_>>() {
            let (are, should_be) = (are.get(step).map(sorted), should_be.get(step).map(sorted));
            self.differ(&format!("{what} {step}"), &are, &should_be);
        }
    }
}
