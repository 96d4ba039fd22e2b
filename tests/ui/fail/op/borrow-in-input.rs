use dynagraph::prelude::*;

#[op]
fn show(value: Option<&str>) -> String { // ERROR
    value.unwrap_or_default().to_owned()
}

fn main() {}
