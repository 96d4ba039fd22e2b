use dynagraph::prelude::*;

struct Jobs;

impl Jobs {
    #[job]
    fn nightly() {} // ERROR
}

fn main() {
    let _job = Jobs::nightly();
}
