use dynagraph::prelude::*;

#[op]
fn add((a, b): (u64, u64)) -> u64 { // ERROR
    a + b
}

fn main() {}
