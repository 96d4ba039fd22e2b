use std::rc::Rc;

use dynagraph::prelude::*;

#[op]
async fn wait() -> Result<u64, OpError> { // ERROR
    let count = Rc::new(1);
    std::future::ready(()).await;
    Ok(*count)
}

fn main() {}
