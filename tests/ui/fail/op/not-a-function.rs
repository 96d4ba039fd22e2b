use dynagraph::prelude::*;

#[op]
struct Piece; // ERROR

fn main() {}
