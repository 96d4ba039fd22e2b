use dynagraph::prelude::*;

#[op]
fn double(value: u64) -> String {
    value * 2 // ERROR
}

fn main() {}
