use dynagraph::prelude::*;

#[op(retries = 3)] // ERROR
fn echo(value: u64) -> u64 {
    value
}

fn main() {}
