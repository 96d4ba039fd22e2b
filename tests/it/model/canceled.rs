//! Runs that are asked to end on the way: how they are asked, and what may be left of them.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use dynagraph::{Run, RunReport, StepStatus};

use super::compare::{Differences, step_as_reported};
use super::record::Recorder;
use super::reference::Expected;
use super::run::Ran;

/// Runs a job, and asks it to end at a moment, if there is one.
pub(super) async fn run<T: Send + 'static>(
    run: Run<T>,
    cancel: Option<u32>,
    recorder: &Recorder,
) -> RunReport<T> {
    let Some(moment) = cancel else { return run.report().await };
    let run = run.start();
    recorder.wait(moment).await;
    run.cancel();
    recorder.canceled();
    run.wait().await
}

impl Ran {
    /// Says what there is that a whole run would not have.
    pub(super) fn excess(&self, expected: &Expected) -> Vec<String> {
        let mut excess = Differences::default();
        excess.differ("output", &self.output, &None);
        excess.differ("error", &self.error.as_deref(), &Some("the run was canceled"));
        for (node, steps) in &self.steps {
            let of_node = expected.steps.get(node).into_iter().flatten();
            let mut whole: Vec<_> = of_node.map(|step| step_as_reported(node, step)).collect();
            for step in steps {
                let place = whole.iter().position(|other| could_become(step, other));
                // What needs a canceled step stands below a failed one, and may not have been at all.
                let below = step.1 == StepStatus::UpstreamFailed;
                match place {
                    Some(place) => drop(whole.remove(place)),
                    None if below => {}
                    None => excess.0.push(format!("a step {step:?}")),
                }
            }
        }
        self.recorder.look(|seen| {
            excess.more("computed by", &seen.values, &expected.computed);
            excess.more("attempts of", &seen.attempts, &expected.attempts);
            if !seen.late.is_empty() {
                excess.0.push(format!("begun after the end: {:?}", seen.late));
            }
        });
        excess.0
    }
}

/// Whether a step is what it would have been in a whole run, or was canceled on the way there.
fn could_become(step: &(String, StepStatus, u32), whole: &(String, StepStatus, u32)) -> bool {
    step == whole || (step.0 == whole.0 && step.1 == StepStatus::Canceled && step.2 <= whole.2)
}

impl Differences {
    /// Says what steps told that they would not have told in a whole run.
    fn more<T: PartialEq + Clone + Debug>(
        &mut self,
        what: &str,
        are: &HashMap<String, Vec<T>>,
        whole: &BTreeMap<String, Vec<T>>,
    ) {
        for (step, told) in are {
            let mut whole = whole.get(step).cloned().unwrap_or_default();
            for value in told {
                match whole.iter().position(|other| other == value) {
                    Some(place) => drop(whole.swap_remove(place)),
                    None => self.0.push(format!("{what} {step}: {value:?}")),
                }
            }
        }
    }
}
