use dynagraph::prelude::*;

#[op(optional)]
fn echo(value: u64) -> u64 { // ERROR
    value
}

fn main() {}
