//! The ops of every case.

use dynagraph::prelude::*;
use futures::{Stream, stream};
use tokio::time::sleep;

use super::watch::Watch;

#[op]
pub(super) async fn sleeping(
    ctx: OpContext,
    watch: Resource<Watch>,
    x: u64,
    y: u64,
) -> Result<u64, OpError> {
    let _working = watch.begin(&ctx);
    sleep(watch.case.moment() * u32::try_from(x % 4)?).await;
    watch.work(&ctx, x, y)
}

#[op]
pub(super) async fn at_once(
    ctx: OpContext,
    watch: Resource<Watch>,
    x: u64,
    y: u64,
) -> Result<u64, OpError> {
    let _working = watch.begin(&ctx);
    watch.work(&ctx, x, y)
}

#[op]
pub(super) fn blocking(
    ctx: OpContext,
    watch: Resource<Watch>,
    x: u64,
    y: u64,
) -> Result<u64, OpError> {
    let _working = watch.begin(&ctx);
    std::thread::sleep(watch.case.moment() * u32::try_from(x % 4)?);
    watch.work(&ctx, x, y)
}

#[op(inline)]
pub(super) fn inline(
    ctx: OpContext,
    watch: Resource<Watch>,
    x: u64,
    y: u64,
) -> Result<u64, OpError> {
    let _working = watch.begin(&ctx);
    watch.work(&ctx, x, y)
}

/// The value of a key.
pub(super) fn of_key(of: u64, key: u64) -> u64 {
    (of * 7 + key) % 1_009
}

#[op]
pub(super) async fn listed(of: u64, n: u64) -> Vec<DynamicOutput<u64>> {
    tokio::task::yield_now().await;
    (0..n).map(|key| DynamicOutput::new(of_key(of, key), key)).collect()
}

#[op]
pub(super) async fn emitted(
    watch: Resource<Watch>,
    of: u64,
    n: u64,
    out: DynamicOut<u64>,
) -> Result<(), OpError> {
    for key in 0..n {
        if key == 2 {
            sleep(watch.case.moment()).await;
        }
        out.emit(of_key(of, key), key).await?;
        watch.emitted();
    }
    Ok(())
}

#[op]
pub(super) fn blocking_emitted(
    watch: Resource<Watch>,
    of: u64,
    n: u64,
    out: DynamicOut<u64>,
) -> Result<(), OpError> {
    for key in 0..n {
        out.blocking_emit(of_key(of, key), key)?;
        watch.emitted();
    }
    Ok(())
}

#[op]
pub(super) fn streamed(of: u64, n: u64) -> impl Stream<Item = DynamicOutput<u64>> {
    stream::iter((0..n).map(move |key| DynamicOutput::new(of_key(of, key), key)))
}

/// A number that depends on every part and on their order.
#[op(inline)]
pub(super) fn total(parts: &[u64]) -> u64 {
    parts.iter().fold(7, |sum, part| (sum * 31 + part + 1) % 1_009)
}
