use dynagraph::prelude::*;

struct Broken;

#[op]
async fn fail() -> Result<u64, Broken> { // ERROR
    Err(Broken)
}

fn main() {}
