use dynagraph::prelude::*;

#[op(backoff = "linear")] // ERROR
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn main() {}
