use dynagraph::prelude::*;

#[job]
struct Nightly; // ERROR

fn main() {}
