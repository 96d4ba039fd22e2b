use dynagraph::prelude::*;

#[op]
fn first(values: &[String]) -> Option<&String> { // ERROR
    values.first()
}

fn main() {}
