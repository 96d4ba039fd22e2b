use dynagraph::prelude::*;

#[op]
fn one() -> u64 {
    1
}

#[job]
fn nightly() -> impl Copy { // ERROR
    one()
}

fn main() {}
