use dynagraph::prelude::*;

struct Jobs;

impl Jobs {
    #[job]
    fn nightly(&self) {} // ERROR
}

fn main() {}
