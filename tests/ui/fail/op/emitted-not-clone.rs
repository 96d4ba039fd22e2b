use dynagraph::prelude::*;

struct Piece;

#[op]
fn make(_pieces: DynamicOut<Piece>) {} // ERROR

fn main() {}
