use dynagraph::prelude::*;

#[op]
fn zero(_bucket: Resource) -> u64 { // ERROR
    0
}

fn main() {}
