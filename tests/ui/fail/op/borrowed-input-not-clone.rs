use dynagraph::prelude::*;

struct Piece;

#[op]
fn count(_piece: &Piece) -> u64 { // ERROR
    0
}

fn main() {}
