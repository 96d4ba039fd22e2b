use dynagraph::prelude::*;

struct Counter;

impl Counter {
    #[op]
    fn count(&self, value: u64) -> u64 { // ERROR
        value
    }
}

fn main() {}
