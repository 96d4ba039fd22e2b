//! A program that is called by its command line, as the README shows it.
//!
//! `cargo run --example crawler -- run crawl --arg count=1000`

use std::process::ExitCode;

use dynagraph::prelude::*;

#[op]
fn pages(count: u32) -> impl Iterator<Item = DynamicOutput<u32>> {
    (0..count).map(|page| DynamicOutput::new(page, page))
}

#[op(max_retries = 2, delay = "5ms", timeout = "30s")]
async fn fetch(ctx: OpContext, page: u32) -> Result<usize, OpError> {
    match page {
        500 => Err(OpError::permanent("not found")),
        page if page % 100 == 3 && ctx.attempt() == 1 => Err("busy".into()),
        _ => Ok(1),
    }
}

#[op]
fn total(sizes: &[usize]) -> usize {
    sizes.iter().sum()
}

/// Adds up the sizes of pages.
#[job]
fn crawl(count: u32) -> OutputHandle<usize> {
    total(pages(count).max_concurrent(8).map(fetch).collect())
}

fn main() -> ExitCode {
    dynagraph::cli::main()
}
