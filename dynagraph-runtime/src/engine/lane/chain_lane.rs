//! A lane of a fan-out whose steps follow one another.
//!
//! Cheap keys are taken in blocks, so that lanes do not meet at the queue for each.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::once_waiting;
use super::run_chain::help;
use super::slots::LaneSlots;
use crate::engine::chain::{Chain, Next, Paused};
use crate::engine::fan_out::{FanOut, Item, Suspended};
use crate::engine::sink::{Sink, SinkBuffer};
use crate::plan::Shape;

/// The most keys that a lane takes at once.
const MAX_BLOCK: usize = 64;
/// The same on a thread that may block: whoever blocks keeps those behind it waiting.
const MAX_BLOCKING_BLOCK: usize = 16;
/// A block that takes less is made longer, one that takes more is made shorter.
const BLOCK_TIME: Duration = Duration::from_micros(50);
/// How many keys a lane runs without waiting before it lets others on its worker go on.
const KEYS_PER_TURN: usize = 256;

/// How many keys to take next.
#[must_use]
fn next_block(size: usize, took: Duration) -> usize {
    if took < BLOCK_TIME { (size * 2).min(MAX_BLOCK) } else { (size / 4).max(1) }
}

/// What keys gave, until it is passed on.
#[derive(Debug)]
struct Done {
    buffers: Vec<SinkBuffer>,
    count: u64,
}

impl Done {
    fn new(fan_out: &FanOut) -> Self {
        Self { buffers: fan_out.sinks.iter().map(Sink::buffer).collect(), count: 0 }
    }

    /// Takes what the instance that a chain has just run gave.
    fn add(&mut self, fan_out: &FanOut, chain: &mut Chain) {
        chain.deliver(&fan_out.plan().gathers, &mut self.buffers);
        self.count += 1;
    }

    fn flush(&mut self, fan_out: &Arc<FanOut>) {
        if self.count > 0 {
            fan_out.finish(&mut self.buffers, std::mem::take(&mut self.count));
        }
    }
}

/// A lane of a fan-out whose steps follow one another.
pub(super) struct ChainLane {
    fan_out: Arc<FanOut>,
    chain: Chain,
    done: Done,
    /// The keys that were taken and not begun.
    block: VecDeque<Item>,
    /// Whether a thread has left a key before its end.
    begun: bool,
    /// How many keys to take at once.
    size: usize,
    /// How many keys were run since others on this worker had their turn.
    turn: usize,
}

impl ChainLane {
    pub(super) fn new(fan_out: Arc<FanOut>) -> Self {
        let engine = Arc::clone(&fan_out.engine);
        let chain = Chain::new(engine, fan_out.scope, Arc::clone(&fan_out.frame));
        let done = Done::new(&fan_out);
        Self { fan_out, chain, done, block: VecDeque::new(), begun: false, size: 1, turn: 0 }
    }

    pub(super) async fn run(mut self) {
        let fan_out = Arc::clone(&self.fan_out);
        let engine = &fan_out.engine;
        let blocking = engine.shape(fan_out.scope) == Shape::Blocking;
        let mut slots = LaneSlots::new(&fan_out);
        // A run that is told to stop gives no more keys.
        while !engine.stop.is_stopped() {
            slots.take(engine).await;
            if blocking && self.chain.has_captures() {
                let steps = Arc::clone(self.chain.blocking());
                let work = engine.spawn_blocking(Some(steps), move || {
                    let paused = self.run_on_thread();
                    (self, paused)
                });
                // Aborted, or a fault that was noted where it happened.
                let Ok((lane, paused)) = work.await else { return };
                self = lane;
                if let Paused::Resting(delay) = paused {
                    self.rest(&mut slots, delay).await;
                    continue;
                }
            } else {
                if self.run_on_worker(&mut slots).await.is_break() {
                    return;
                }
                if fan_out.has_work() {
                    if fan_out.may_rest {
                        // A key whose retry is due may wait for them.
                        slots.give_all_back();
                    }
                    continue;
                }
            }
            slots.give_all_back();
            if !fan_out.more().await {
                return;
            }
        }
    }

    /// Waits before the retry of a key that a thread has left.
    async fn rest(&mut self, slots: &mut LaneSlots, delay: Duration) {
        let Self { fan_out, chain, done, block, .. } = self;
        done.flush(fan_out);
        chain.flush();
        let _suspended = Suspended::new(fan_out);
        fan_out.share(block);
        slots.rest(&fan_out.engine, delay).await;
    }

    /// Takes some keys and runs them. Breaks when the run is told to stop.
    async fn run_on_worker(&mut self, slots: &mut LaneSlots) -> ControlFlow<()> {
        let Self { fan_out, chain, done, block, size, turn, .. } = self;
        fan_out.take(*size, block);
        *turn += block.len();
        let began = Instant::now();
        let mut waited = false;
        while let Some(Item { index, key, elements }) = block.pop_front() {
            chain.begin(index, key, elements);
            let mut suspended = None;
            let mut waits = || {
                if suspended.is_none() {
                    waited = true;
                    done.flush(fan_out);
                    suspended = Some(Suspended::new(fan_out));
                    fan_out.share(block);
                }
            };
            loop {
                let next = poll_fn(|context| chain.poll(context));
                match once_waiting(next, &mut waits).await {
                    Next::Done => break,
                    next => {
                        let helped = help(&fan_out.engine, chain, slots, next);
                        once_waiting(helped, &mut waits).await?;
                    }
                }
            }
            drop(suspended);
            done.add(fan_out, chain);
        }
        chain.flush();
        done.flush(fan_out);
        *size = if waited { 1 } else { next_block(*size, began.elapsed()) };
        if *turn >= KEYS_PER_TURN {
            *turn = 0;
            tokio::task::yield_now().await;
        }
        ControlFlow::Continue(())
    }

    /// Runs keys on a thread that may block, while there are some.
    fn run_on_thread(&mut self) -> Paused {
        let Self { fan_out, chain, done, block, begun, size, .. } = self;
        let blocking = Arc::clone(chain.blocking());
        loop {
            let began = Instant::now();
            if std::mem::take(begun) {
                blocking.take(std::iter::once(chain.key()));
                let paused = chain.run_on_thread();
                if paused != Paused::Done {
                    *begun = true;
                    return paused;
                }
                done.add(fan_out, chain);
            }
            fan_out.take(*size, block);
            blocking.take(block.iter().map(|item| (item.index, &item.key)));
            let count = block.len();
            while let Some(Item { index, key, elements }) = block.pop_front() {
                chain.begin(index, key, elements);
                let paused = chain.run_on_thread();
                if paused != Paused::Done {
                    *begun = true;
                    blocking.idle();
                    return paused;
                }
                done.add(fan_out, chain);
            }
            blocking.idle();
            chain.flush();
            done.flush(fan_out);
            if count == 0 {
                return Paused::Done;
            }
            *size = next_block(*size, began.elapsed()).min(MAX_BLOCKING_BLOCK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cheap_keys_are_taken_in_longer_blocks_and_dear_ones_alone() {
        assert_eq!(next_block(1, Duration::from_micros(1)), 2);
        assert_eq!(next_block(64, Duration::from_micros(1)), 64);
        assert_eq!(next_block(64, Duration::from_millis(1)), 16);
        assert_eq!(next_block(1, Duration::from_millis(1)), 1);
    }
}
