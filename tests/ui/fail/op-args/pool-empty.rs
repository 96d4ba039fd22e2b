use dynagraph::prelude::*;

#[op(pool = "")] // ERROR
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn main() {}
