use dynagraph::prelude::*;

#[op(inline)] // ERROR
async fn echo(value: u64) -> u64 {
    value
}

fn main() {}
