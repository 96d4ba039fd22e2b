use std::rc::Rc;

use dynagraph::prelude::*;

#[op]
fn make() -> Rc<u64> { // ERROR
    Rc::new(0)
}

fn main() {}
