use dynagraph::prelude::*;

#[op]
fn double(value: u64) -> u64 {
    value.
} // ERROR

#[job]
fn doubled() -> OutputHandle<u64> {
    double(2)
}

fn main() {}
