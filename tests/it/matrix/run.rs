//! Runs cases, a batch of them at once on one runtime, under a watchdog.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use dynagraph::{RunReport, RunStatus, StepStatus};
use futures::future::join_all;
use tokio::runtime::{Builder, Handle};

use super::case::{Case, Failing};
use super::plain::{Plain, Steps};
use super::watch::Watch;
use crate::support::Flavor;

/// What a batch may take before it counts as hanging.
const LONGEST: Duration = Duration::from_secs(30);
/// How many cases run at once.
const BATCH: usize = 16;
/// More failures say nothing new.
const MOST: usize = 12;

/// What is known of each case of a batch; nothing as long as it runs.
type Verdicts = Arc<Mutex<BTreeMap<u64, Option<String>>>>;

/// Runs cases, and gives what is wrong with them.
pub(super) fn run(numbers: Range<u64>) -> Vec<String> {
    let mut groups = BTreeMap::<_, Vec<_>>::new();
    for number in numbers {
        let case = Case::nth(number);
        let group = (case.flavor == Flavor::MultiThread, case.is_paused());
        groups.entry(group).or_default().push((number, case));
    }
    let mut failures: Vec<String> = thread::scope(|scope| {
        let run_group = |cases: Vec<_>| cases.chunks(BATCH).flat_map(run_batch).collect::<Vec<_>>();
        let groups: Vec<_> =
            groups.into_values().map(|cases| scope.spawn(move || run_group(cases))).collect();
        groups.into_iter().flat_map(|group| group.join().expect("a group ends")).collect()
    });
    failures.truncate(MOST);
    failures
}

fn run_batch(cases: &[(u64, Case)]) -> Vec<String> {
    let verdicts: Verdicts = Verdicts::default();
    let (done, ended) = channel();
    let running = {
        let (cases, verdicts) = (cases.to_vec(), Arc::clone(&verdicts));
        thread::spawn(move || {
            on_runtime(&cases, &verdicts);
            // After the watchdog's end nobody receives it.
            let _late = done.send(());
        })
    };
    let hangs = ended.recv_timeout(LONGEST).is_err() && !running.is_finished();
    let verdicts = verdicts.lock().unwrap_or_else(PoisonError::into_inner);
    let verdict = |(number, case): &(u64, Case)| {
        let wrong = match verdicts.get(number) {
            Some(wrong) => wrong.clone()?,
            None if hangs => "the run hangs".to_owned(),
            None => "the run panicked, or one beside it did".to_owned(),
        };
        Some(format!("{number}: {case:?}\n  {wrong}"))
    };
    cases.iter().filter_map(verdict).collect()
}

fn on_runtime(cases: &[(u64, Case)], verdicts: &Verdicts) {
    let (_, first) = cases[0];
    let mut builder = match first.flavor {
        Flavor::CurrentThread => Builder::new_current_thread(),
        Flavor::MultiThread => Builder::new_multi_thread(),
    };
    let builder = builder.worker_threads(2).enable_time().start_paused(first.is_paused());
    builder.build().expect("a runtime").block_on(async {
        let all = cases.iter().map(async |(number, case)| {
            let wrong = run_case(*case).await;
            let wrong = (!wrong.is_empty()).then(|| wrong.join("\n  "));
            verdicts.lock().unwrap_or_else(PoisonError::into_inner).insert(*number, wrong);
        });
        join_all(all).await;
        // One that outlives its run would keep the watchdog waiting.
        while Handle::current().metrics().num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
    });
}

/// Runs a case, and says what is wrong.
async fn run_case(case: Case) -> Vec<String> {
    let watch = Watch::new(case);
    let report = case.run(&watch).report().await;
    let mut wrong = watch.complaints();
    let (output, steps) = Plain::run(case);
    let failed = steps.values().any(|(status, _)| *status == StepStatus::Failure);
    let status = if failed { RunStatus::Failure } else { RunStatus::Success };
    if (report.status(), report.output()) != (status, output.as_ref()) {
        let is = (report.status(), report.output(), report.error());
        wrong.push(format!("{is:?} instead of {status:?}, {output:?}"));
    }
    wrong.extend(wrong_steps(&report, &steps, case.failing == Failing::Fast && failed));
    wrong.truncate(MOST);
    wrong
}

/// What is wrong with the steps. A run that ended at a failure has not come to all of them.
fn wrong_steps(report: &RunReport<u64>, expected: &Steps, ended_early: bool) -> Vec<String> {
    let mut missing = expected.clone();
    let mut wrong = Vec::new();
    for step in report.steps() {
        let is = (step.status(), step.attempts());
        let should_be = missing.remove(step.key());
        // What needs a step that was canceled stands below a failed one.
        let canceled = [StepStatus::Canceled, StepStatus::UpstreamFailed];
        let was_canceled = ended_early && canceled.contains(&step.status());
        if should_be != Some(is) && !(was_canceled && should_be.is_some()) {
            wrong.push(format!("{}: {is:?} instead of {should_be:?}", step.key()));
        }
    }
    if !ended_early {
        wrong.extend(missing.into_iter().map(|(key, step)| format!("{key}: no {step:?}")));
    } else if report.failures().next().is_none() {
        wrong.push("no step failed".to_owned());
    }
    wrong
}
