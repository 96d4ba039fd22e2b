use dynagraph::prelude::*;

struct Piece;

#[op]
fn make() -> Vec<DynamicOutput<Piece>> { // ERROR
    vec![DynamicOutput::new(Piece, 0)]
}

fn main() {}
