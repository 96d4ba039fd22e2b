use dynagraph::prelude::*;

#[job(schedule = "daily")] // ERROR
fn nightly() {}

fn main() {}
