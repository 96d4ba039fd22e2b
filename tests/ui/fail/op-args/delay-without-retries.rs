use dynagraph::prelude::*;

#[op(delay = "200ms")] // ERROR
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn main() {}
