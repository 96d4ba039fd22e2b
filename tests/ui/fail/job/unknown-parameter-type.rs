use dynagraph::prelude::*;

#[job]
fn nightly(bucket: Bucket) { // ERROR
    drop(bucket);
}

fn main() {}
