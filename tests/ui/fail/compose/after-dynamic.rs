use dynagraph::prelude::*;

#[op]
fn numbers() -> Vec<DynamicOutput<u64>> {
    Vec::new()
}

#[op]
fn clean() -> u64 {
    0
}

#[job]
fn ordered() -> OutputHandle<u64> {
    clean().after(numbers()) // ERROR
}

fn main() {
    drop(ordered());
}
