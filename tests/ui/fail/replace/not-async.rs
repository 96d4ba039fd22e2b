use dynagraph::prelude::*;

#[op]
fn fetch(url: String) -> u64 {
    url.len() as u64
}

#[job]
fn nightly() {
    fetch("a");
}

fn main() {
    let run = nightly().run();
    let _ = run.replace::<fetch>(|_| 1); // ERROR
}
