use dynagraph::prelude::*;

#[op(max_concurrent = "many")] // ERROR
fn echo(value: u64) -> u64 {
    value
}

fn main() {}
