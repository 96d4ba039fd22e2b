use dynagraph::prelude::*;

#[op(optional)] // ERROR
fn emit(value: u64, _values: DynamicOut<u64>) {
    drop(value);
}

fn main() {}
