//! Combining any number of values without holding them: fold, batch, window.
//!
//! `cargo run --release --example fold`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dynagraph::RunError;
use dynagraph::prelude::*;

/// How many values exist, now and at most.
#[derive(Default)]
struct Alive {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// Emitting waits while the window is full, so that a fast producer does not run ahead.
#[op]
async fn readings(
    alive: Resource<Arc<Alive>>,
    count: u64,
    readings: DynamicOut<u64>,
) -> Result<(), OpError> {
    for n in 0..count {
        let now = alive.now.fetch_add(1, Ordering::Relaxed) + 1;
        alive.most.fetch_max(now, Ordering::Relaxed);
        readings.emit(n, n).await?;
    }
    Ok(())
}

#[op(inline)]
fn convert(reading: u64) -> u64 {
    reading % 10
}

#[op(inline)]
fn add(alive: Resource<Arc<Alive>>, sum: u64, value: u64) -> u64 {
    alive.now.fetch_sub(1, Ordering::Relaxed);
    sum + value
}

/// Values are added in the order of emission, each as soon as it is there.
#[job]
fn streaming(count: u64) -> OutputHandle<u64> {
    readings(count).window(100).map(convert).fold(0, add)
}

#[op]
fn letters() -> impl Iterator<Item = DynamicOutput<char>> {
    ('a'..='g').map(|letter| DynamicOutput::new(letter, letter))
}

#[op]
fn join(letters: &[char]) -> String {
    letters.iter().collect()
}

/// Three at a time; a batch goes on as soon as it is full.
#[job]
fn batched() -> DynamicHandle<String> {
    letters().batch(3).map(join)
}

/// What each job gives.
pub(crate) async fn show() -> Result<String, RunError> {
    let alive = Arc::new(Alive::default());
    let sum = streaming(20_000).run().resource(Arc::clone(&alive)).await?;
    let most = alive.most.load(Ordering::Relaxed);
    let batches = batched().run().await?;
    // The window bounds the keys, and the fold keeps as many values again before it makes the copies wait.
    let few = most < 300;
    Ok(format!("streaming: {sum}, few values at a time: {few}\nbatched: {batches:?}\n"))
}

#[tokio::main]
async fn main() -> Result<(), RunError> {
    print!("{}", show().await?);
    Ok(())
}
