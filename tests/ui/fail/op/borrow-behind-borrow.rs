use dynagraph::prelude::*;

#[op]
fn count(values: &[&str]) -> usize { // ERROR
    values.len()
}

fn main() {}
