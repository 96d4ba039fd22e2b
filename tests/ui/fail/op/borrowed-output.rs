use dynagraph::prelude::*;

#[op]
fn trim(value: &str) -> &str { // ERROR
    value.trim()
}

fn main() {}
