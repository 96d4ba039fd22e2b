use dynagraph::prelude::*;

#[op(max_retries = 3, delay = "1s")] // ERROR
fn echo(value: u64) -> u64 {
    value
}

fn main() {}
