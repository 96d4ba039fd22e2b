//! What failing looks like: steps go on around a failure, and the error names all of them.
//!
//! `cargo run --example failures`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::fmt::Write as _;

use dynagraph::prelude::*;
use dynagraph::{RunError, StepStatus};

#[op]
fn pages() -> impl Iterator<Item = DynamicOutput<u32>> {
    (0..1_000).map(|page| DynamicOutput::new(page, page))
}

#[op]
async fn fetch(page: u32) -> Result<String, String> {
    match page {
        page if page % 10 == 3 => Err("timed out".into()),
        500 => Err("not found".into()),
        page => Ok(format!("page {page}")),
    }
}

#[op]
fn parse(page: &str) -> usize {
    assert!(page != "page 7", "no title on {page}");
    page.len()
}

#[op]
fn total(sizes: Vec<usize>) -> usize {
    sizes.into_iter().sum()
}

/// Every page fails or is parsed; the total of all is not computed.
#[job]
fn crawl() -> OutputHandle<usize> {
    total(pages().map(fetch).map(parse).collect())
}

/// A handle that leaves the map it belongs to: the job cannot run.
#[job]
fn leak() -> OutputHandle<usize> {
    let mut leaked = None;
    pages().map(|page| leaked = Some(parse(fetch(page))));
    total(leaked.map_or_else(|| pages().map(fetch).map(parse).collect(), |size| list(size)))
}

#[op]
fn list(size: usize) -> Vec<usize> {
    vec![size]
}

/// What each run ends with.
pub(crate) async fn show() -> Result<String, std::fmt::Error> {
    // The panic is part of the report; nothing else has to be printed for it.
    let mut text = String::new();
    let report = crawl().run().report().await;
    for node in ["pages", "fetch", "parse", "total"] {
        let [well, failed, below] =
            [StepStatus::Success, StepStatus::Failure, StepStatus::UpstreamFailed]
                .map(|status| report.count(node, status));
        writeln!(text, "{node}: {well} succeeded, {failed} failed, {below} below a failure")?;
    }
    if let Some(step) = report.step("parse[7]") {
        writeln!(text, "{step:?}")?;
    }
    if let Some(RunError::Failed(failures)) = report.error() {
        let causes: Vec<_> = failures.groups().into_iter().map(|(cause, _)| cause).collect();
        writeln!(text, "causes: {causes:?}")?;
    }
    if let Err(error) = report.into_result() {
        writeln!(text, "crawl: {error}")?;
    }
    if let Err(error) = crawl().run().max_concurrent(1).fail_fast(true).await {
        writeln!(text, "with fail_fast: {error}")?;
    }
    if let Err(error) = leak().check() {
        writeln!(text, "leak: {error}")?;
    }
    Ok(text)
}

#[tokio::main]
async fn main() -> Result<(), std::fmt::Error> {
    print!("{}", show().await?);
    Ok(())
}
