use dynagraph::prelude::*;

#[op(timeout = "213504d")] // ERROR
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn main() {}
