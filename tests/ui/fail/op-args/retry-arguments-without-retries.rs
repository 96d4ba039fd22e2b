use dynagraph::prelude::*;

#[op(
    delay = "200ms", // ERROR
    max_delay = "10s", // ERROR
    backoff = "linear", // ERROR
    jitter = "full", // ERROR
    retry_panics, // ERROR
    retry_if = is_transient, // ERROR
)]
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn is_transient(_error: &OpError) -> bool {
    true
}

fn main() {}
