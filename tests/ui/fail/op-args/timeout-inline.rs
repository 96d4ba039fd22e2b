use dynagraph::prelude::*;

#[op(inline, timeout = "1s")] // ERROR
fn echo(value: u64) -> u64 {
    value
}

fn main() {}
