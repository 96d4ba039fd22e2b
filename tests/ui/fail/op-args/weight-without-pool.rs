use dynagraph::prelude::*;

#[op(weight = 2)] // ERROR
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn main() {}
