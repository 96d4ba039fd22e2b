use dynagraph::prelude::*;

fn name_of<O: Op>() -> &'static str {
    O::NAME
}

fn main() {
    name_of::<u64>(); // ERROR
}
