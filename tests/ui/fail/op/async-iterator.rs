use dynagraph::prelude::*;

#[op]
async fn count() -> impl Iterator<Item = DynamicOutput<u64>> { // ERROR
    [].into_iter()
}

fn main() {}
