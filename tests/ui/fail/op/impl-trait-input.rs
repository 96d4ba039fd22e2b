use dynagraph::prelude::*;

#[op]
fn show(value: impl ToString) -> String { // ERROR
    value.to_string()
}

fn main() {}
