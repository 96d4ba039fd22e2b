use dynagraph::prelude::*;

#[op]
fn numbers() -> Vec<DynamicOutput<u64>> {
    vec![]
}

#[op]
fn shout(text: String) -> String {
    text + "!"
}

#[job]
fn nightly() {
    // Passed by name, it is checked twice.
    numbers().map(shout); // ERROR, // ERROR
}

fn main() {}
