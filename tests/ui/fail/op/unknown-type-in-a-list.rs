use dynagraph::prelude::*;

#[op]
fn count(pieces: Vec<Piece>) -> usize { // ERROR
    pieces.len()
}

fn main() {}
