use dynagraph::prelude::*;

#[op(out(a, a))] // ERROR
fn pair(a: u64, b: u64) -> (u64, u64) {
    (a, b)
}

fn main() {}
