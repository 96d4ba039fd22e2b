use dynagraph::prelude::*;

#[op]
fn grow(value: &mut Vec<u64>) -> usize { // ERROR
    value.len()
}

fn main() {}
