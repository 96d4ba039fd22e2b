use dynagraph::prelude::*;

#[job]
fn nightly(_bucket: String) {}

fn main() {
    drop(nightly(3)); // ERROR
}
