use dynagraph::prelude::*;

#[op]
unsafe fn echo(value: u64) -> u64 { // ERROR
    value
}

fn main() {}
