use dynagraph::prelude::*;

#[op]
fn show(value: &dyn ToString) -> String { // ERROR
    value.to_string()
}

fn main() {}
