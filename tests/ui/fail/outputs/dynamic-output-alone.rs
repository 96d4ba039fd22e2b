use dynagraph::prelude::*;

#[op]
fn one() -> DynamicOutput<u64> { // ERROR
    DynamicOutput::new(1, 1)
}

fn main() {}
