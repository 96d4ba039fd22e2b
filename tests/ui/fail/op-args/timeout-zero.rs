use dynagraph::prelude::*;

#[op(timeout = "0s")] // ERROR
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn main() {}
