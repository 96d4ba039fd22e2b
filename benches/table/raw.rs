//! The rows by hand: on tokio, on a stream, on rayon, and one key after the other.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::work::{Compute, Tally, Work};

/// One after the other, without a task.
pub(crate) async fn sequential<W: Work>(n: u64) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for x in 0..n {
        let key = W::key(x);
        tally = tally.with(W::call(x).await);
        drop(key);
    }
    Ok(tally)
}

/// A task for each, and then all handles in order.
pub(crate) async fn spawn<W: Work>(n: u64) -> Result<Tally, String> {
    let handles: Vec<_> = (0..n).map(|x| (W::key(x), tokio::spawn(W::call(x)))).collect();
    let mut tally = Tally::default();
    for (_key, handle) in handles {
        tally = tally.with(handle.await.map_err(|error| error.to_string())?);
    }
    Ok(tally)
}

/// A task for each, in a set.
pub(crate) async fn join_set<W: Work>(n: u64) -> Result<Tally, String> {
    let mut tasks = JoinSet::new();
    for x in 0..n {
        let key = W::key(x);
        tasks.spawn(async move { (key, W::call(x).await) });
    }
    let mut tally = Tally::default();
    while let Some(joined) = tasks.join_next().await {
        let (_key, outcome) = joined.map_err(|error| error.to_string())?;
        tally = tally.with(outcome);
    }
    Ok(tally)
}

/// No task, but several futures at a time.
pub(crate) async fn buffer_unordered<W: Work>(n: u64) -> Result<Tally, String> {
    let outcomes = stream::iter(0..n)
        .map(|x| {
            let key = W::key(x);
            async move { (key, W::call(x).await) }
        })
        .buffer_unordered(W::CONCURRENT);
    Ok(outcomes.fold(Tally::default(), async |tally, (_key, outcome)| tally.with(outcome)).await)
}

/// A task for each, but only so many at a time.
pub(crate) async fn semaphore<W: Work>(n: u64) -> Result<Tally, String> {
    let slots = Arc::new(Semaphore::new(W::CONCURRENT));
    let mut handles = Vec::new();
    for x in 0..n {
        let slot = Arc::clone(&slots).acquire_owned().await.map_err(|error| error.to_string())?;
        let task = async move {
            let outcome = W::call(x).await;
            drop(slot);
            outcome
        };
        handles.push((W::key(x), tokio::spawn(task)));
    }
    let mut tally = Tally::default();
    for (_key, handle) in handles {
        tally = tally.with(handle.await.map_err(|error| error.to_string())?);
    }
    Ok(tally)
}

/// Divided among threads.
pub(crate) fn rayon<W: Compute>(n: u64) -> Tally {
    let outcome = |tally: Tally, x| {
        let key = W::key(x);
        let tally = tally.with(W::compute(x));
        drop(key);
        tally
    };
    (0..n).into_par_iter().fold(Tally::default, outcome).reduce(Tally::default, Tally::plus)
}
