use dynagraph::prelude::*;

mod errors {
    pub(super) fn is_transient(error: &std::io::Error) -> bool {
        error.kind() == std::io::ErrorKind::TimedOut
    }
}

#[op(max_retries = 3, retry_if = errors::is_transient)] // ERROR
async fn parse(text: String) -> Result<u64, std::num::ParseIntError> {
    text.parse()
}

fn main() {}
