use dynagraph::prelude::*;

struct Piece;

#[op]
fn make() -> Piece { // ERROR
    Piece
}

fn main() {}
