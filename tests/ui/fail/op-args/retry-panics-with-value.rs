use dynagraph::prelude::*;

#[op(max_retries = 3, retry_panics = true)] // ERROR
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn main() {}
