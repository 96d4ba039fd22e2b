use dynagraph::prelude::*;

#[op]
fn make() -> Piece { // ERROR
    loop {}
}

fn main() {}
