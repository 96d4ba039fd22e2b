use std::cell::Cell;

use dynagraph::prelude::*;

#[op]
fn count(cell: Resource<Cell<u64>>) -> u64 { // ERROR
    cell.get()
}

fn main() {}
