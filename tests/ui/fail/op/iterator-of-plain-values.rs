use dynagraph::prelude::*;

#[op]
fn count() -> impl Iterator<Item = u64> { // ERROR
    0..3
}

fn main() {}
