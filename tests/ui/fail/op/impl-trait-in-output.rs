use dynagraph::prelude::*;

#[op]
fn show(value: u64) -> Option<impl ToString> { // ERROR
    Some(value)
}

fn main() {}
