use dynagraph::prelude::*;

#[op(name = "")] // ERROR
fn echo(value: u64) -> u64 {
    value
}

fn main() {}
