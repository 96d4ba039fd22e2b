use dynagraph::prelude::*;

#[op(idle_timeout = "0ms")] // ERROR
async fn fetch(ctx: OpContext) {
    ctx.heartbeat();
}

fn main() {}
