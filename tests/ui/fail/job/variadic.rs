use dynagraph::prelude::*;

#[op]
fn one() -> u64 {
    1
}

#[job]
fn nightly(limit: u64, ...) -> OutputHandle<u64> { // ERROR
    one()
}

fn main() {}
