use dynagraph::prelude::*;

#[op]
fn make<T: Default>(value: u64) -> u64 { // ERROR
    drop(T::default());
    value
}

fn main() {}
