use dynagraph::prelude::*;

#[op(max_retries = 3, backoff = "linear")] // ERROR
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn main() {}
