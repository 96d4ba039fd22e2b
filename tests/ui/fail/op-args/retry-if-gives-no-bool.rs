use dynagraph::prelude::*;

fn retries(_error: &std::num::ParseIntError) -> u64 {
    3
}

#[op(max_retries = 3, retry_if = retries)] // ERROR
fn parse(text: String) -> Result<u64, std::num::ParseIntError> {
    text.parse()
}

fn main() {}
