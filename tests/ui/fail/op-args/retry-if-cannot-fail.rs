use dynagraph::prelude::*;

#[op(max_retries = 3, retry_if = is_transient)] // ERROR
fn echo(value: u64) -> u64 {
    value
}

fn is_transient(_error: &OpError) -> bool {
    true
}

fn main() {}
