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

/// More of them say nothing new.
const MOST: usize = 12;

impl Ran {
    /// Says how the run differs from what is expected: the most telling differences first.
    pub(super) fn differences(
        &self,
        shape: &Shape,
        expected: &Expected,
        setting: Setting,
    ) -> Vec<String> {
        let mut differences = Differences::default();
        for node in self.steps.keys().chain(expected.steps.keys()).collect::<BTreeSet<_>>() {
            differences.steps(node, self.steps.get(node), expected.steps.get(node));
        }
        if !self.order.is_sorted() {
            differences.0.push(format!("steps not in graph order: {:?}", self.order));
        }
        let statuses = expected.steps.values().flat_map(BTreeMap::values);
        let failed = statuses.into_iter().any(|status| *status == Status::Failure);
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
        self.recorder.look(|seen| {
            differences.computed(&seen.values, &expected.computed);
            let limit = setting.max_concurrent.unwrap_or(usize::MAX);
            differences.limit("the run", seen.running.most, limit);
            for (node, gauge) in &seen.running_of {
                let limit = shape.limits.get(node).copied().unwrap_or(usize::MAX);
                differences.limit(&format!("n{node}"), gauge.most, limit);
            }
        });
        differences.0.truncate(MOST);
        differences.0
    }
}

#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn differ<T: PartialEq + Debug>(&mut self, what: &str, is: &T, should_be: &T) {
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
        should_be: Option<&BTreeMap<Path, Status>>,
    ) {
        let should_be = should_be.into_iter().flatten().map(|(path, status)| {
            let (status, attempts) = match status {
                Status::Success => (StepStatus::Success, 1),
                Status::Failure => (StepStatus::Failure, 1),
                Status::Skipped => (StepStatus::Skipped, 0),
                Status::UpstreamFailed => (StepStatus::UpstreamFailed, 0),
            };
            (step_key(node, path), status, attempts)
        });
        let should_be: Vec<_> = should_be.collect();
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

    fn computed(
        &mut self,
        are: &HashMap<String, Vec<i64>>,
        should_be: &BTreeMap<String, Vec<i64>>,
    ) {
        let sorted = |values: &Vec<i64>| {
            let mut values = values.clone();
            values.sort_unstable();
            values
        };
        for step in are.keys().chain(should_be.keys()).collect::<BTreeSet<_>>() {
            let (are, should_be) = (are.get(step).map(sorted), should_be.get(step).map(sorted));
            self.differ(&format!("computed by {step}"), &are, &should_be);
        }
    }
}
