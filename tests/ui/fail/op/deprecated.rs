#![deny(deprecated)]

use dynagraph::prelude::*;

#[op]
#[deprecated]
fn count(text: &str) -> usize {
    text.len()
}

#[job]
fn nightly() -> OutputHandle<usize> {
    count("text") // ERROR
}

fn main() {}
