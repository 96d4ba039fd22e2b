use dynagraph::prelude::*;

#[op(max_retries = 3, delay = "1s", backoff = "quadratic")] // ERROR
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn main() {}
