use dynagraph::prelude::*;

struct Broken;

fn is_transient(_error: &Broken) -> bool {
    true
}

#[op(max_retries = 3, retry_if = is_transient)]
fn fail() -> Result<u64, Broken> { // ERROR
    Err(Broken)
}

fn main() {}
