#![deny(dead_code)]

use dynagraph::prelude::*;

#[job(unlisted)]
fn nightly() {} // ERROR

fn main() {}
