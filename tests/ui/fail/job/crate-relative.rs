use dynagraph::prelude::*;

#[job(crate = dynagraph)] // ERROR
fn nightly() {}

fn main() {}
