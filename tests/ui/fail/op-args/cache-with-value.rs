use dynagraph::prelude::*;

#[op(cache = true)] // ERROR
fn echo(value: u64) -> u64 {
    value
}

fn main() {}
