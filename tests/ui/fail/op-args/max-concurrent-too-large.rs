use dynagraph::prelude::*;

#[op(max_concurrent = 4294967296)] // ERROR
fn echo(value: u64) -> u64 {
    value
}

fn main() {}
