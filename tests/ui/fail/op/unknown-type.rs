use dynagraph::prelude::*;

#[op]
fn count(piece: Piece) -> u64 { // ERROR
    drop(piece);
    0
}

fn main() {}
