//! Runs that are stored and cut, until one comes to its end; the next one goes on with the run, or begins a new one.

use std::collections::HashSet;
use std::sync::Arc;

use dynagraph::store::{MemoryStore, RunStore};
use dynagraph::{Job, JobOutput, RunReport, StepStatus};

use super::compare::step_as_reported;
use super::compose::{Live, compose};
use super::grow::grow;
use super::op::cached;
use super::record::Recorder;
use super::reference::{self, Expected};
use super::run::{Prepared, Ran, no_tasks_left, with_output};
use super::shape::Shape;
use super::strategy::{Cut, Setting};
use super::work::Operand;
use crate::faulty_store::{Fault, FaultyStore};

/// Cuts a run, goes on with it, and compares what it comes to.
pub(super) fn check(cut: &Cut) -> Result<(), String> {
    reused(cut, Next::GoesOn).map(|_| ())
}

/// As [`check`], with ops that are cached: the next run is a new one.
pub(super) fn check_cached(cut: &Cut) -> Result<(), String> {
    reused(cut, Next::IsNew).map(|_| ())
}

/// What follows on a run that is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    GoesOn,
    IsNew,
}

impl Next {
    pub(super) const ALL: [Self; 2] = [Self::GoesOn, Self::IsNew];
}

/// As [`check`], and says how many steps the last sessions reused, and how many they ran.
pub(super) fn reused(cut: &Cut, next: Next) -> Result<(usize, usize), String> {
    let (mut reused, mut ran_last) = (0, 0);
    let shape = &grow(&cut.case.job);
    let expected = reference::run(shape);
    for setting in &cut.case.settings {
        let (mut ran, mut differences) =
            with_output!(run(shape, (*setting, cut.moments.as_slice(), next)))?;
        reused += ran.uncache(&expected);
        ran_last += ran.recorder.look(|seen| seen.attempts.len());
        differences.extend(ran.outcome(&expected).0);
        if !differences.is_empty() {
            return Err(format!("{setting:?}\n  {}", differences.join("\n  ")));
        }
    }
    Ok((reused, ran_last))
}

/// Cuts a job's run at every moment, and lets the last session of it come to its end. Also says which steps were run that
/// the store had.
fn run<R: JobOutput<Output: Operand + Send>>(
    shape: &Shape,
    (setting, moments, next): (Setting, &[u32], Next),
    output: impl FnOnce(Option<Live>) -> R,
) -> Result<(Ran, Vec<String>), String> {
    let job = || Job::compose("model", || output(compose(shape)));
    let job = cached(next == Next::IsNew, job);
    let store = MemoryStore::new();
    let mut run_again = Vec::new();
    for moment in moments {
        let stored = stored(&store)?;
        let (_, recorder) = session(shape, &job, setting, (&store, next), Some(*moment))?;
        recorder.look(|seen| run_again.extend(again(&stored, seen.attempts.keys())));
    }
    let stored = stored(&store)?;
    let (report, recorder) = session(shape, &job, setting, (&store, next), None)?;
    recorder.look(|seen| run_again.extend(again(&stored, seen.attempts.keys())));
    let report = report.ok_or("the last session is not cut")?;
    Ok((Ran::new(&report, recorder), run_again))
}

/// The steps that the store has as done.
fn stored(store: &MemoryStore) -> Result<HashSet<String>, String> {
    let Some(run) = store.last_run("model").map_err(|error| error.to_string())? else {
        return Ok(HashSet::new());
    };
    let run = store.read(run.id).map_err(|error| error.to_string())?;
    let done =
        run.steps().filter(|step| matches!(step.status, StepStatus::Success | StepStatus::Cached));
    Ok(done.map(|step| step.key.to_string()).collect())
}

fn again<'a>(
    stored: &HashSet<String>,
    run: impl Iterator<Item = &'a String>,
) -> impl Iterator<Item = String> {
    run.filter(|step| stored.contains(*step))
        .map(|step| format!("{step} was stored, and ran again"))
}

/// One session of the run; its report, if it is not cut.
fn session<T: Operand>(
    shape: &Shape,
    job: &Job<T>,
    setting: Setting,
    (store, next): (&MemoryStore, Next),
    moment: Option<u32>,
) -> Result<(Option<RunReport<T>>, Arc<Recorder>), String> {
    let Prepared { recorder, runtime, run } = Prepared::new(shape, job, setting)?;
    // The last session keeps all; of the others, what was written before the power went.
    let kept = moment.map_or(usize::MAX, |moment| setting.kept(moment));
    let run = run.store(FaultyStore::new(store.clone(), Fault::Keeps(kept)));
    let is_first = store.runs().map_err(|error| error.to_string())?.is_empty();
    let run = if is_first || next == Next::IsNew { run } else { run.resume_last() };
    let report = runtime.block_on(async {
        let report = match moment {
            None => Some(run.report().await),
            Some(moment) => {
                let run = run.start();
                recorder.wait(moment).await;
                drop(run);
                None
            }
        };
        no_tasks_left().await;
        report
    });
    Ok((report, recorder))
}

impl Setting {
    /// How many records are kept of a session that is cut.
    fn kept(self, moment: u32) -> usize {
        if self.keep_values { usize::MAX } else { 5 * moment as usize }
    }
}

impl Ran {
    /// As if what was cached had been run. Says how many steps were.
    fn uncache(&mut self, expected: &Expected) -> usize {
        let mut cached = 0;
        for (node, steps) in &mut self.steps {
            let whole = expected.steps.get(node).into_iter().flatten();
            let whole: Vec<_> = whole.map(|step| step_as_reported(node, step)).collect();
            for step in steps.iter_mut().filter(|step| step.1 == StepStatus::Cached) {
                let attempts =
                    whole.iter().find(|whole| whole.0 == step.0).map_or(1, |whole| whole.2);
                (step.1, step.2) = (StepStatus::Success, attempts);
                cached += 1;
            }
        }
        cached
    }
}
