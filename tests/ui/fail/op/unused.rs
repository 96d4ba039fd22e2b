#![deny(dead_code)]

use dynagraph::prelude::*;

#[op]
fn count(text: &str) -> usize { // ERROR
    text.len()
}

fn main() {}
