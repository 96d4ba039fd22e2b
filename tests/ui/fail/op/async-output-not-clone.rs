use dynagraph::prelude::*;

struct Piece;

#[op]
async fn make() -> Piece { // ERROR
    Piece
}

fn main() {}
