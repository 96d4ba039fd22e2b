use std::rc::Rc;

use dynagraph::prelude::*;

#[op]
async fn wait() -> u64 { // ERROR
    let count = Rc::new(1);
    std::future::ready(()).await;
    *count
}

fn main() {}
