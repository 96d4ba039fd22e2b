use dynagraph::prelude::*;

#[op(name = "a/b")] // ERROR
fn echo(value: u64) -> u64 {
    value
}

fn main() {}
