use dynagraph::prelude::*;

#[op]
fn echo(#[cfg(all())] value: u64) -> u64 { // ERROR
    value
}

fn main() {}
