use dynagraph::prelude::*;

#[job]
fn nightly(); // ERROR

fn main() {}
