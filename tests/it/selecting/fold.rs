//! Folds of which some steps are selected.

use dynagraph::StepStatus;
use dynagraph::prelude::*;

use super::{Calls, Plus, called, clean, offices, publish, session, stored};

#[op]
async fn add(ctx: OpContext, calls: Resource<Calls>, plus: Resource<Plus>, a: u64, b: u64) -> u64 {
    calls.say(&ctx);
    a + b + plus.0
}

fn folded() -> Job<u64> {
    Job::compose("folded", || publish(offices(3).map(clean).fold(0, add)))
}

#[tokio::test(start_paused = true)]
async fn below_a_value_are_all_steps_of_its_fold() {
    let below = ["add[1]", "add[2]", "add[3]", "clean[2]", "publish"];
    assert_eq!(called(&folded(), "clean[2]+").await, below);
    assert_eq!(called(&folded(), "add[2]+").await, ["add[1]", "add[2]", "add[3]", "publish"]);
    let above = ["add[1]", "add[2]", "add[3]", "clean[1]", "clean[2]", "clean[3]", "offices"];
    assert_eq!(called(&folded(), "+add[2]").await, above);
}

#[tokio::test(start_paused = true)]
async fn a_step_whose_accumulator_is_another_one_is_not_the_one_that_is_stored() {
    let job = folded();
    let run = job.run().store(stored(&job).await).resume_last().resource(Plus(5));
    let (report, calls) = session(run.select("add[2]").keep_steps(true)).await;
    assert_eq!((report.status(), report.output()), (RunStatus::Success, None));
    assert_eq!(calls.list(), ["add[2]"]);
    let status = |step| report.step(step).unwrap().status();
    assert_eq!(status("add[1]"), StepStatus::Cached);
    assert_eq!(status("add[3]"), StepStatus::Skipped);
    assert_eq!(status("publish"), StepStatus::Skipped);
}

#[tokio::test(start_paused = true)]
async fn a_step_without_an_earlier_one_fails_and_says_so() {
    let job = folded();
    let run = job.run().store(stored(&job).await).resume_last().resource(Plus(5));
    let (report, calls) = session(run.select("clean[1], add[3]")).await;
    assert_eq!(calls.list(), ["clean[1]"]);
    let error = report.error().unwrap().to_string();
    assert!(error.contains("`add[3]` failed: the selected steps need `add`"), "{error}");
}
