use dynagraph::prelude::*;

#[op(pool = "gpu", weight = 0)] // ERROR
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn main() {}
