//! What the feature `test` adds: replaced ops, repeated randomness, shuffled starts, contexts for unit tests.

mod contexts;
mod replaced_outputs;
mod replacing;
mod seeded;
mod shuffled;

use std::time::Duration;

use dynagraph::Run;
use dynagraph::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

/// What a test must not reach.
#[derive(Debug)]
struct Network;

#[op]
async fn fetch(_network: Resource<Network>, url: String) -> Result<String, std::io::Error> {
    Err(std::io::Error::other(format!("{url} was asked for in a test")))
}

#[op]
fn urls() -> Vec<DynamicOutput<String>> {
    ["a", "b", "c"].map(|url| DynamicOutput::new(url.to_owned(), url)).into()
}

#[op]
fn joined(pages: &[String]) -> String {
    pages.join(" ")
}

#[job]
fn crawl() -> OutputHandle<String> {
    joined(urls().map(fetch).collect())
}

#[derive(Debug)]
struct Clock(u64);

#[op]
fn now(clock: Resource<Clock>) -> u64 {
    clock.0
}

#[job]
fn nightly() -> OutputHandle<u64> {
    now()
}

/// A run as a program sets it up.
fn nightly_run() -> Run<u64> {
    nightly().run().resource(Clock(999))
}

#[tokio::test]
async fn a_test_replaces_a_resource_that_the_program_gave() {
    assert_eq!(nightly_run().await.unwrap(), 999);
    assert_eq!(nightly_run().resource(Clock(0)).await.unwrap(), 0);
}
