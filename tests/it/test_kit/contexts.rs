//! Contexts as unit tests need them.

use std::panic::catch_unwind;

use dynagraph::prelude::*;
use tokio::time::sleep;

use super::SECOND;

fn poll(ctx: OpContext, ready: u32) -> Result<u32, String> {
    ctx.add_output_metadata("attempt", ctx.attempt());
    ctx.add_output_metadata("step", ctx.step_key().to_string());
    if ctx.attempt() < ready { Err("not ready".to_owned()) } else { Ok(ready) }
}

#[test]
fn an_op_is_told_its_attempt_and_step_and_heard() {
    let ctx = OpContext::for_test().with_step_key("poll", ["a", "b/c"]);
    assert_eq!(poll(ctx.clone(), 2), Err("not ready".to_owned()));
    let second = ctx.clone().with_attempt(2);
    assert_eq!(second.output_metadata(), []);
    assert_eq!(poll(second.clone(), 2), Ok(2));
    let said = [("attempt".to_owned(), 2.into()), ("step".to_owned(), "poll[a/b%2Fc]".into())];
    assert_eq!(second.output_metadata(), said);
    assert_eq!(second.idempotency_token(), ctx.idempotency_token());
}

#[test]
fn a_context_that_no_op_could_have_panics_where_it_is_made() {
    let said =
        |made: fn() -> OpContext| *catch_unwind(made).unwrap_err().downcast::<String>().unwrap();
    assert!(said(|| OpContext::for_test().with_attempt(0)).ends_with("counted from 1, not 0"));
    let of_no_key = said(|| OpContext::for_test().with_step_key("poll", [""]));
    assert!(of_no_key.ends_with("a mapping key is at least one character"), "{of_no_key}");
}

async fn until_canceled(ctx: OpContext) -> &'static str {
    ctx.canceled().await;
    "canceled"
}

#[tokio::test(start_paused = true)]
async fn a_test_cancels_its_context() {
    let (ctx, cancel) = OpContext::for_test_cancelable();
    let ctx = ctx.with_attempt(3).with_step_key("work", [1]);
    let waiting = until_canceled(ctx.clone());
    let canceling = async {
        sleep(SECOND).await;
        cancel();
    };
    assert_eq!(futures::future::join(waiting, canceling).await.0, "canceled");
    assert!(ctx.is_canceled());
    assert!(!OpContext::for_test().is_canceled());
}
