//! What a run of a part takes from its store, and leaves there.

use dynagraph::prelude::*;
use dynagraph::store::{MemoryStore, RunStore, StoredRun};
use dynagraph::{Run, StepError, StepReport, StepStatus};

use super::{Plus, clean, nested, offices, score, session, stored, total};

/// `offices ─▶ clean ─▶ score ═▶ total`
fn job() -> Job<u64> {
    Job::compose("job", || total(offices(3).map(clean).map(score).collect()))
}

fn resumed<T: 'static>(job: &Job<T>, store: &MemoryStore, plus: u64) -> Run<T> {
    job.run().store(store.clone()).resume_last().resource(Plus(plus)).keep_steps(true)
}

fn last(store: &MemoryStore) -> StoredRun {
    let id = store.runs().unwrap()[0].id;
    store.read(id).unwrap()
}

/// The steps that are stored, with their statuses and fingerprints.
fn all(store: &MemoryStore) -> Vec<String> {
    let mut steps: Vec<_> =
        last(store).steps().map(|step| format!("{} {}", step.key, step.status)).collect();
    steps.sort();
    steps
}

#[tokio::test(start_paused = true)]
async fn a_selected_step_is_executed_and_any_other_is_cached() {
    let store = stored(&job()).await;
    let (report, calls) = session(resumed(&job(), &store, 0).select("score[2]")).await;
    assert_eq!((report.output(), calls.list()), (Some(&60), vec!["score[2]".to_owned()]));
    assert_eq!(report.step("score[2]").unwrap().status(), StepStatus::Success);
    assert_eq!(report.step("score[2]").unwrap().attempts(), 1);
    assert_eq!(report.count("score", StepStatus::Cached), 2);
    assert_eq!(report.count("total", StepStatus::Cached), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_below_another_value_is_skipped_unless_it_is_selected() {
    let store = stored(&job()).await;
    let (report, calls) = session(resumed(&job(), &store, 1).select("clean[2]")).await;
    assert_eq!((report.status(), report.output()), (RunStatus::Success, None));
    assert_eq!(calls.list(), ["clean[2]"]);
    let status = |step| report.step(step).unwrap().status();
    assert_eq!(status("score[1]"), StepStatus::Cached);
    assert_eq!(status("score[2]"), StepStatus::Skipped);
    assert_eq!(status("total"), StepStatus::Skipped);
    let (report, calls) = session(resumed(&job(), &store, 1).select("clean[2]+")).await;
    assert_eq!(report.output(), Some(&70));
    assert_eq!(calls.list(), ["clean[2]", "score[2]", "total"]);
}

/// The new results stand; those of steps that were not run stay, however they were reported.
#[tokio::test(start_paused = true)]
async fn new_results_replace_the_old_ones_and_nothing_else_is_written() {
    let store = stored(&job()).await;
    let (before, value) = (all(&store), |store: &MemoryStore, step: &str| {
        let run = last(store);
        let step = run.steps().find(|stored| stored.key.to_string() == step).unwrap();
        step.value(0).unwrap().bytes().unwrap().into_owned()
    });
    assert_eq!((value(&store, "clean[2]"), value(&store, "score[2]")), (vec![2], vec![20]));
    session(resumed(&job(), &store, 1).select("clean[2]")).await;
    assert_eq!(all(&store), before);
    assert_eq!((value(&store, "clean[2]"), value(&store, "score[2]")), (vec![3], vec![20]));
    let (report, calls) = session(resumed(&job(), &store, 1)).await;
    assert_eq!((report.output(), calls.list().len()), (Some(&70), 2));
}

#[tokio::test(start_paused = true)]
async fn a_missing_value_that_a_selected_step_needs_is_a_failure_that_names_it() {
    let store = stored(&job()).await;
    session(resumed(&job(), &store, 1).select("clean[2]")).await;
    let before = all(&store);
    let (report, calls) = session(resumed(&job(), &store, 1).select("total, score[3]")).await;
    assert_eq!((report.status(), report.output()), (RunStatus::Failure, None));
    assert_eq!(calls.list(), ["score[3]"]);
    let failed = report.step("score[2]").unwrap();
    assert_eq!((failed.status(), failed.attempts()), (StepStatus::Failure, 0));
    assert!(matches!(failed.error(), Some(StepError::NotStored { resumed: true, .. })));
    assert_eq!(report.step("total").unwrap().status(), StepStatus::UpstreamFailed);
    let error = report.error().unwrap().to_string();
    let says =
        "step `score[2]` failed: the selected steps need `score`, which the store does not have";
    assert!(error.starts_with(says), "{error}");
    assert_eq!(all(&store), before);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_selected_needs_is_skipped_with_all_below_it() {
    let store = MemoryStore::new();
    let (report, calls) =
        session(job().run().store(store).resource(Plus(0)).select("offices")).await;
    assert_eq!((report.status(), report.output()), (RunStatus::Success, None));
    assert!(matches!(report.into_result(), Err(RunError::Skipped)));
    assert_eq!(calls.list(), ["offices"]);
}

/// A peer's fault: then the list has the values that are there.
#[tokio::test(start_paused = true)]
async fn a_collect_gives_nothing_if_a_value_of_it_is_left_out() {
    let job = Job::compose("collected", || offices(3).map(clean).collect_keyed());
    let run = job.run().resource(Plus(0)).select("offices, clean[1], clean[3]");
    let (report, calls) = session(run).await;
    assert_eq!((report.status(), report.output()), (RunStatus::Success, None));
    assert_eq!(calls.list(), ["clean[1]", "clean[3]", "offices"]);
    assert_eq!(report.count("clean", StepStatus::Skipped), 1);
}

#[op]
async fn kept(part: Partial<u64>) -> usize {
    part.values.len()
}

/// S16
#[tokio::test(start_paused = true)]
async fn what_is_left_out_is_never_tolerated() {
    let job =
        Job::compose("tolerant", || kept(offices(3).map(clean).collect_partial(Tolerance::all())));
    let run = || job.run().resource(Plus(0)).keep_steps(true);
    let (report, _) = session(run().select("offices, clean[1]")).await;
    assert_eq!((report.status(), report.output()), (RunStatus::Success, None));
    assert_eq!(report.step("kept").unwrap().status(), StepStatus::Skipped);
    let (report, _) = session(run().select("offices, clean[1], kept")).await;
    assert_eq!(report.status(), RunStatus::Failure);
    assert_eq!(report.step("kept").unwrap().status(), StepStatus::UpstreamFailed);
    assert_eq!(report.failures().count(), 2);
}

#[tokio::test(start_paused = true)]
async fn without_a_store_the_selected_steps_may_need_nothing_else() {
    let run = || nested().run().resource(Plus(0));
    let (report, calls) = session(run().select("+clean[us/*]")).await;
    assert_eq!(report.status(), RunStatus::Success, "{:?}", report.error());
    let above = ["clean[us/1]", "clean[us/2]", "offices[us]", "regions"];
    assert_eq!(calls.list(), above);
    let (report, calls) = session(run().select("clean[us/*]")).await;
    assert_eq!(calls.list(), [""; 0]);
    let error = report.error().unwrap().to_string();
    let says = "step `regions` failed: the selected steps need `regions`, which is not selected";
    assert!(error.starts_with(says), "{error}");
}

#[op]
async fn fails(x: u64) -> Result<u64, String> {
    if x == 2 { Err("two".to_owned()) } else { Ok(x) }
}

/// S22
#[tokio::test(start_paused = true)]
async fn below_a_selected_step_that_fails_nothing_is_looked_up() {
    let job = Job::compose("failing", || total(offices(3).map(fails).map(score).collect()));
    let (report, calls) = session(job.run().keep_steps(true).select("offices, fails")).await;
    assert_eq!(calls.list(), ["offices"]);
    let status = |step| report.step(step).unwrap().status();
    assert_eq!(status("score[2]"), StepStatus::UpstreamFailed);
    assert_eq!(status("score[1]"), StepStatus::Skipped);
    assert_eq!(status("total"), StepStatus::UpstreamFailed);
    assert_eq!(report.failures().count(), 1);
}

/// S24
#[tokio::test(start_paused = true)]
async fn a_missing_value_ends_a_run_that_fails_fast() {
    let store = stored(&job()).await;
    session(resumed(&job(), &store, 1).select("clean[2]")).await;
    let run = resumed(&job(), &store, 1).fail_fast(true).max_concurrent(1);
    let (report, _) = session(run.select("total")).await;
    assert_eq!(report.status(), RunStatus::Failure);
    assert_eq!(report.failures().map(StepReport::key).collect::<Vec<_>>(), ["score[2]"]);
    let run = resumed(&job(), &store, 0).fail_fast(true);
    let (report, calls) = session(run.select("clean[2]+")).await;
    assert_eq!((report.output(), calls.list().len()), (Some(&60), 3));
}
