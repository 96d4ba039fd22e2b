use dynagraph::prelude::*;

#[op]
fn one() -> u64 {
    1
}

#[job]
fn nightly() -> OutputHandle<String> {
    one() // ERROR
}

fn main() {}
