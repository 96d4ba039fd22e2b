use dynagraph::prelude::*;

#[op(timeout = secs(30))] // ERROR
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn main() {}
