use dynagraph::prelude::*;

#[op]
fn split(text: &str) -> (usize, Vec<DynamicOutput<String>>) { // ERROR
    (text.len(), vec![])
}

fn main() {}
