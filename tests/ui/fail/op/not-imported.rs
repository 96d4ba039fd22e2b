use dynagraph::prelude::*;

mod store {
    #[derive(Clone)]
    pub struct Piece;
}

#[op]
fn make(pieces: &[store::Piece]) -> Piece { // ERROR
    pieces[0].clone()
}

fn main() {}
