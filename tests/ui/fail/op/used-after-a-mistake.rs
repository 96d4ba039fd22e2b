use dynagraph::prelude::*;

#[op(retries = 3)] // ERROR
fn load(path: String) -> Vec<DynamicOutput<u64>> {
    vec![DynamicOutput::new(1, path)]
}

#[op]
unsafe fn double(value: u64) -> u64 { // ERROR
    value * 2
}

#[job]
fn doubled() -> DynamicHandle<u64> {
    load("a").map(double)
}

fn main() {
    let _: u64 = double::call(1);
}
