use dynagraph::prelude::*;

#[op(max_retries = 3, retry_if = is_transient)] // ERROR
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn main() {}
