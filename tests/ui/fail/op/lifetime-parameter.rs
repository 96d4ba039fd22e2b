use dynagraph::prelude::*;

#[op]
fn count<'a>(value: &'a str) -> usize { // ERROR
    value.len()
}

fn main() {}
