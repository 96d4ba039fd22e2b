use dynagraph::prelude::*;

#[op]
const fn echo(value: u64) -> u64 { // ERROR
    value
}

fn main() {}
