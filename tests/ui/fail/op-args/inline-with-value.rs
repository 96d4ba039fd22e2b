use dynagraph::prelude::*;

#[op(inline = true)] // ERROR
fn echo(value: u64) -> u64 {
    value
}

fn main() {}
