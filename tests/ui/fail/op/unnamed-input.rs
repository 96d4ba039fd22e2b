use dynagraph::prelude::*;

#[op]
fn zero(_: u64) -> u64 { // ERROR
    0
}

fn main() {}
