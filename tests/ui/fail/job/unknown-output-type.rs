use dynagraph::prelude::*;

#[job]
fn nightly() -> OutputHandle<Report> { // ERROR
    todo!()
}

fn main() {}
