use dynagraph::prelude::*;

#[op(crate = "dynagraph")] // ERROR
fn echo(value: u64) -> u64 {
    value
}

fn main() {}
