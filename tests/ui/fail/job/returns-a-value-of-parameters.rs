use dynagraph::prelude::*;

#[job]
fn nightly(limit: usize, bucket: &str) -> Option<String> { // ERROR
    Some(bucket[..limit].to_owned())
}

fn main() {}
