use dynagraph::job;

#[job]
fn nightly() -> OutputHandle<u64> { // ERROR
    todo!()
}

fn main() {}
