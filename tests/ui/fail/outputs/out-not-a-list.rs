use dynagraph::prelude::*;

#[op(out = "a")] // ERROR
fn echo(value: u64) -> u64 {
    value
}

fn main() {}
