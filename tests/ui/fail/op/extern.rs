use dynagraph::prelude::*;

#[op]
extern "C" fn echo(value: u64) -> u64 { // ERROR
    value
}

fn main() {}
