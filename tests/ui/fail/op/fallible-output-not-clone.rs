use dynagraph::prelude::*;

struct Piece;

#[op]
fn make() -> Result<Piece, OpError> { // ERROR
    Ok(Piece)
}

fn main() {}
