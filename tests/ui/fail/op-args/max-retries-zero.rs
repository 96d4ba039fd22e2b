use dynagraph::prelude::*;

#[op(max_retries = 0, delay = "1s")] // ERROR
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn main() {}
