use dynagraph::prelude::*;

#[op]
fn emit(output: DynamicOut<u64>) -> u64 { // ERROR
    drop(output);
    0
}

fn main() {}
