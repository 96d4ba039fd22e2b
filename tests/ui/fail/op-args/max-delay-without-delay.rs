use dynagraph::prelude::*;

#[op(max_retries = 3, max_delay = "10s")] // ERROR
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn main() {}
