use dynagraph::prelude::*;

#[op]
fn numbers() -> Vec<DynamicOutput<u64>> {
    vec![]
}

#[job]
fn nightly() {
    numbers();
}

fn main() {
    let run = nightly().run();
    let _ = run.replace::<numbers>(|| async { 1 }); // ERROR
}
