use dynagraph::prelude::*;

#[op(version = 2)] // ERROR
fn echo(value: u64) -> u64 {
    value
}

fn main() {}
