use dynagraph::prelude::*;

#[op(optional = true)] // ERROR
fn echo(value: u64) -> u64 {
    value
}

fn main() {}
