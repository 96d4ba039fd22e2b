use dynagraph::prelude::*;

#[op(max_retries = 3, jitter = "full")] // ERROR
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn main() {}
