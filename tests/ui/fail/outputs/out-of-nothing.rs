use dynagraph::prelude::*;

#[op(out(a))] // ERROR
fn emit(_values: DynamicOut<u64>) {}

fn main() {}
