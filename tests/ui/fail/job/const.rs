use dynagraph::prelude::*;

#[op]
fn one() -> u64 {
    1
}

#[job]
const fn nightly() -> OutputHandle<u64> { // ERROR
    one()
}

fn main() {}
