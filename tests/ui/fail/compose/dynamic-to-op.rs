use dynagraph::prelude::*;

#[op]
fn numbers() -> Vec<DynamicOutput<u64>> {
    vec![]
}

#[op]
fn double(value: u64) -> u64 {
    value * 2
}

#[op]
fn name() -> String {
    String::new()
}

#[job]
fn nightly() {
    double(numbers()); // ERROR
}

fn main() {}
