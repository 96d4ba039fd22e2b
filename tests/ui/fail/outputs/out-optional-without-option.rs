use dynagraph::prelude::*;

#[op(out(a: optional, b))]
fn pair(a: u64, b: u64) -> (u64, u64) { // ERROR
    (a, b)
}

fn main() {}
