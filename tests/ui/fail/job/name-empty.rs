use dynagraph::prelude::*;

#[job(name = "")] // ERROR
fn nightly() {}

fn main() {}
