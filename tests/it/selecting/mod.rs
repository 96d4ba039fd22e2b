//! Runs of a part of a job.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod errors;
mod fold;
mod keys;
mod random;
mod related;
mod spin;
mod stored;

use dynagraph::prelude::*;

use super::storing::{Calls, session};

/// What the world outside makes of a number, so that a value may change between runs.
#[derive(Debug, Clone, Copy, Default)]
struct Plus(u64);

/// Gives the regions, which have this many offices each.
#[op]
fn regions(ctx: OpContext, calls: Resource<Calls>) -> Vec<DynamicOutput<u64>> {
    calls.say(&ctx);
    [("us", 2), ("eu", 3)].map(|(region, offices)| DynamicOutput::new(offices, region)).into()
}

#[op]
fn offices(ctx: OpContext, calls: Resource<Calls>, count: u64) -> Vec<DynamicOutput<u64>> {
    calls.say(&ctx);
    (1..=count).map(|office| DynamicOutput::new(office, office)).collect()
}

#[op]
fn clean(ctx: OpContext, calls: Resource<Calls>, plus: Resource<Plus>, office: u64) -> u64 {
    calls.say(&ctx);
    office + plus.0
}

#[op]
async fn score(ctx: OpContext, calls: Resource<Calls>, cleaned: u64) -> u64 {
    calls.say(&ctx);
    10 * cleaned
}

#[op]
async fn total(ctx: OpContext, calls: Resource<Calls>, scores: &[u64]) -> u64 {
    calls.say(&ctx);
    scores.iter().sum()
}

#[op]
async fn grand_total(ctx: OpContext, calls: Resource<Calls>, totals: &[u64]) -> u64 {
    calls.say(&ctx);
    totals.iter().sum()
}

#[op]
async fn publish(ctx: OpContext, calls: Resource<Calls>, total: u64) -> u64 {
    calls.say(&ctx);
    total
}

/// `regions ─▶ offices ─▶ clean ─▶ score ═▶ total ═▶ grand_total ─▶ publish`: `clean[us/1]` is nested.
fn nested() -> Job<u64> {
    Job::compose("nested", || {
        let totals = regions().map(|region| {
            let scores = offices(region).map(clean).map(score);
            total(scores.collect())
        });
        publish(grand_total(totals.collect()))
    })
}

/// Runs a job whole, into a new store.
async fn stored<T: 'static>(job: &Job<T>) -> dynagraph::store::MemoryStore {
    let store = dynagraph::store::MemoryStore::new();
    let (first, _) = session(job.run().store(store.clone()).resource(Plus(0))).await;
    assert_eq!(first.status(), RunStatus::Success, "{:?}", first.error());
    store
}

/// What is called when some steps of a stored run are selected.
async fn called<T: 'static>(job: &Job<T>, selection: &str) -> Vec<String> {
    let run = job.run().store(stored(job).await).resume_last().resource(Plus(0));
    let (report, calls) = session(run.select(selection)).await;
    assert_eq!(report.status(), RunStatus::Success, "{selection}: {:?}", report.error());
    calls.list()
}
