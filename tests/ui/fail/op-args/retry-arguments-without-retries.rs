use dynagraph::prelude::*;

#[op(
    delay = "200ms", // ERROR
    max_delay = "10s",
    backoff = "linear",
    jitter = "full",
    retry_panics,
    retry_if = is_transient,
)]
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn is_transient(_error: &OpError) -> bool {
    true
}

fn main() {}
