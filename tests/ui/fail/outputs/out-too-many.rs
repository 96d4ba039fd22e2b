use dynagraph::prelude::*;

#[op(out(a, b, c))] // ERROR
fn pair(a: u64, b: u64) -> (u64, u64) {
    (a, b)
}

fn main() {}
