use dynagraph::prelude::*;

#[op(inline)] // ERROR
fn emit(_values: DynamicOut<u64>) {}

fn main() {}
