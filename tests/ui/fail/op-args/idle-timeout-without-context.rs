use dynagraph::prelude::*;

#[op(idle_timeout = "1s")] // ERROR
async fn fetch(url: String) -> Result<String, OpError> {
    Ok(url)
}

fn main() {}
