use dynagraph::prelude::*;

#[op(inline, inline)] // ERROR
fn echo(value: u64) -> u64 {
    value
}

fn main() {}
