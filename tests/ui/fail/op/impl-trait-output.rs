use dynagraph::prelude::*;

#[op]
fn show(value: u64) -> impl ToString { // ERROR
    value
}

fn main() {}
