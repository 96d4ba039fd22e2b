use dynagraph::prelude::*;

#[op(optional)] // ERROR
fn count() -> impl Iterator<Item = DynamicOutput<u64>> {
    [].into_iter()
}

fn main() {}
