use dynagraph::prelude::*;

#[op(max_concurrent = 0)] // ERROR
fn echo(value: u64) -> u64 {
    value
}

fn main() {}
