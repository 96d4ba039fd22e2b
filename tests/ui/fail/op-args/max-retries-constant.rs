use dynagraph::prelude::*;

const N: u32 = 3;

#[op(max_retries = N)] // ERROR
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn main() {}
