use dynagraph::prelude::*;

#[op(rate = 20)] // ERROR
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn main() {}
