use dynagraph::prelude::*;

#[op]
fn echo(value: u64, ...) -> u64 { // ERROR
    value
}

fn main() {}
