use dynagraph::prelude::*;

#[job]
fn nightly() -> u64 { // ERROR
    1
}

fn main() {}
