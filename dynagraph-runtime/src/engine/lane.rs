//! A lane: one task that takes keys of a fan-out through their whole instance, one after the other.
//!
//! Lanes are started as they are needed: as many as there are workers at once, and one more whenever a key has to wait
//! and others are there. Cheap keys are taken in blocks, so that lanes do not meet at the queue for each.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use tokio::sync::OwnedSemaphorePermit;

use super::attempt::AttemptResult;
use super::chain::{At, Chain, Next, On};
use super::fan_out::{FanOut, Item, Suspended};
use super::ledger::Ended;
use super::limit::acquire;
use super::sink::SinkBuffer;
use super::{Engine, hop, instance};
use crate::graph::NodeId;
use crate::plan::{Shape, Work};

/// The most keys that a lane takes at once.
const MAX_BLOCK: usize = 64;
/// The same on a thread that may block: whoever blocks keeps those behind it waiting.
const MAX_BLOCKING_BLOCK: usize = 16;
/// A block that takes less is made longer, one that takes more is made shorter.
const BLOCK_TIME: Duration = Duration::from_micros(50);
/// How many keys a lane runs without waiting before it lets others on its worker go on.
const KEYS_PER_TURN: usize = 256;

/// Runs keys of a fan-out until there are no more.
pub(super) async fn run(fan_out: Arc<FanOut>) {
    if fan_out.plan().shape == Shape::Graph {
        graph_lane(&fan_out).await;
    } else {
        ChainLane::new(fan_out).run().await;
    }
}

/// How many keys to take next.
#[must_use]
fn next_block(size: usize, took: Duration) -> usize {
    if took < BLOCK_TIME { (size * 2).min(MAX_BLOCK) } else { (size / 4).max(1) }
}

async fn graph_lane(fan_out: &Arc<FanOut>) {
    let mut block = VecDeque::new();
    // A run that is told to stop gives no more keys.
    while !fan_out.engine.stop.is_stopped() {
        let shared = match &fan_out.shared_limit {
            Some(limit) => Some(acquire(limit).await),
            None => None,
        };
        fan_out.take(1, &mut block);
        if let Some(item) = block.pop_front() {
            let mut run = pin!(instance::run(fan_out, item));
            let mut suspended = None;
            poll_fn(|context| {
                let poll = run.as_mut().poll(context);
                if poll.is_pending() {
                    suspended.get_or_insert_with(|| Suspended::new(fan_out));
                    fan_out.share(&mut block);
                }
                poll
            })
            .await;
            drop(suspended);
            fan_out.finish(&mut [], 1);
            tokio::task::coop::consume_budget().await;
            continue;
        }
        drop(shared);
        if !fan_out.more().await {
            return;
        }
    }
}

/// The slot of the run that a lane holds while it runs steps.
#[derive(Debug, Default)]
pub(super) struct LaneSlot(Option<OwnedSemaphorePermit>);

impl LaneSlot {
    pub(super) async fn take(&mut self, engine: &Engine) {
        if self.0.is_none() {
            self.0 = Some(acquire(&engine.run_slots).await);
        }
    }

    pub(super) fn give_back(&mut self) {
        self.0 = None;
    }

    /// Takes a node's slot as well: that of the run is always the last.
    async fn with_node(&mut self, engine: &Engine, node: NodeId) -> Option<OwnedSemaphorePermit> {
        let slots = engine.node_slots[node.0].as_ref()?;
        if let Ok(permit) = Arc::clone(slots).try_acquire_owned() {
            return Some(permit);
        }
        self.give_back();
        let permit = acquire(slots).await;
        self.take(engine).await;
        Some(permit)
    }
}

/// What keys gave, until it is passed on.
#[derive(Debug)]
struct Done {
    buffers: Vec<SinkBuffer>,
    count: u64,
}

impl Done {
    fn new(fan_out: &FanOut) -> Self {
        let gathers = fan_out.plan().gathers.iter();
        Self { buffers: gathers.map(|gather| SinkBuffer::new(gather.kind)).collect(), count: 0 }
    }

    /// Takes what the instance that a chain has just run gave.
    fn add(&mut self, fan_out: &FanOut, chain: &mut Chain, at: At<'_>) {
        let gathers = &fan_out.plan().gathers;
        let last = gathers.len() == 1;
        for (gather, buffer) in gathers.iter().zip(&mut self.buffers) {
            let cells = gather.cells.iter();
            let values = cells.map(|cell| chain.give(*cell, last).leaving(|| chain.copy(at)));
            buffer.add(at.index, at.key, values);
        }
        chain.end();
        self.count += 1;
    }

    fn flush(&mut self, fan_out: &Arc<FanOut>) {
        if self.count > 0 {
            fan_out.finish(&mut self.buffers, std::mem::take(&mut self.count));
        }
    }
}

/// A lane of a fan-out whose steps follow one another.
struct ChainLane {
    fan_out: Arc<FanOut>,
    chain: Chain,
    done: Done,
    /// The keys that were taken and not begun.
    block: VecDeque<Item>,
    /// How many keys to take at once.
    size: usize,
    /// How many keys were run since others on this worker had their turn.
    turn: usize,
}

impl ChainLane {
    fn new(fan_out: Arc<FanOut>) -> Self {
        let engine = Arc::clone(&fan_out.engine);
        let chain = Chain::new(engine, fan_out.scope, Arc::clone(&fan_out.frame));
        let done = Done::new(&fan_out);
        Self { fan_out, chain, done, block: VecDeque::new(), size: 1, turn: 0 }
    }

    async fn run(mut self) {
        let fan_out = Arc::clone(&self.fan_out);
        let blocking = fan_out.plan().shape == Shape::Blocking;
        let mut slot = LaneSlot::default();
        // A run that is told to stop gives no more keys.
        while !fan_out.engine.stop.is_stopped() {
            let shared = match &fan_out.shared_limit {
                Some(limit) => {
                    // The run's slot is always the last.
                    slot.give_back();
                    Some(acquire(limit).await)
                }
                None => None,
            };
            slot.take(&fan_out.engine).await;
            if blocking && self.chain.has_captures() {
                let work = fan_out.engine.spawn_blocking(move || {
                    self.run_on_thread();
                    self
                });
                match work.await {
                    Ok(lane) => self = lane,
                    // Aborted, or a fault that was noted where it happened.
                    Err(_) => return,
                }
            } else {
                self.run_on_worker(&mut slot).await;
                if fan_out.has_work() {
                    continue;
                }
            }
            slot.give_back();
            drop(shared);
            if !fan_out.more().await {
                return;
            }
        }
    }

    /// Takes some keys and runs them.
    async fn run_on_worker(&mut self, slot: &mut LaneSlot) {
        let Self { fan_out, chain, done, block, size, turn } = self;
        fan_out.take(*size, block);
        *turn += block.len();
        let began = Instant::now();
        let mut waited = false;
        while let Some(Item { index, key, elements }) = block.pop_front() {
            if fan_out.engine.stop.is_stopped() {
                return;
            }
            let at = At { key: &key, index };
            chain.begin(elements);
            let mut suspended = None;
            {
                let mut run = pin!(run_chain(&fan_out.engine, chain, at, slot));
                poll_fn(|context| match run.as_mut().poll(context) {
                    Poll::Ready(()) => Poll::Ready(()),
                    Poll::Pending => {
                        waited = true;
                        done.flush(fan_out);
                        suspended.get_or_insert_with(|| Suspended::new(fan_out));
                        fan_out.share(block);
                        Poll::Pending
                    }
                })
                .await;
            }
            drop(suspended);
            done.add(fan_out, chain, at);
        }
        chain.flush();
        done.flush(fan_out);
        *size = if waited { 1 } else { next_block(*size, began.elapsed()) };
        if *turn >= KEYS_PER_TURN {
            *turn = 0;
            tokio::task::yield_now().await;
        }
    }

    /// Runs keys on a thread that may block, while there are some.
    fn run_on_thread(&mut self) {
        let Self { fan_out, chain, done, block, size, .. } = self;
        loop {
            fan_out.take(*size, block);
            if block.is_empty() {
                return;
            }
            let began = Instant::now();
            while let Some(Item { index, key, elements }) = block.pop_front() {
                if fan_out.engine.stop.is_stopped() {
                    return;
                }
                let at = At { key: &key, index };
                chain.begin(elements);
                chain.run_on_thread(at);
                done.add(fan_out, chain, at);
            }
            chain.flush();
            done.flush(fan_out);
            *size = next_block(*size, began.elapsed()).min(MAX_BLOCKING_BLOCK);
        }
    }
}

/// Runs the instance that a chain has begun, on a worker.
pub(super) async fn run_chain(
    engine: &Arc<Engine>,
    chain: &mut Chain,
    at: At<'_>,
    slot: &mut LaneSlot,
) {
    loop {
        match chain.advance(at, On::Worker) {
            Next::Done => return,
            Next::Need(place) => {
                slot.give_back();
                chain.captured(place).await;
                slot.take(engine).await;
            }
            Next::Wait(id, future, began) => wait(engine, chain, (id, future, began), at).await,
            Next::Limit(id) => {
                let _permit = slot.with_node(engine, id).await;
                let Work::Op(op) = &engine.plan.node(id).work else { continue };
                if op.spec.blocking {
                    call_blocking(engine, chain, id, at).await;
                } else if let Some(Next::Wait(id, future, began)) = chain.call(id, op, at) {
                    wait(engine, chain, (id, future, began), at).await;
                }
            }
            Next::Block(id) => call_blocking(engine, chain, id, at).await,
        }
    }
}

/// Waits for an op that a chain has called.
async fn wait(
    engine: &Arc<Engine>,
    chain: &mut Chain,
    (id, future, began): (NodeId, BoxFuture<'static, AttemptResult>, Option<tokio::time::Instant>),
    at: At<'_>,
) {
    let in_flight = InFlight::new(engine, id, || chain.path(at));
    let result = future.await;
    in_flight.ended();
    chain.settle(id, result, began, at);
}

async fn call_blocking(engine: &Arc<Engine>, chain: &mut Chain, id: NodeId, at: At<'_>) {
    let began = engine.clock();
    let inputs = chain.inputs_of_next(id);
    let path = chain.path(at);
    let in_flight = InFlight::new(engine, id, || path.clone());
    let result = hop::call(engine, id, inputs, path.clone(), Vec::new()).await;
    in_flight.ended();
    chain.settle(id, result, began, at);
}

/// A step that runs: if it is dropped before its end, it was canceled.
pub(super) struct InFlight<'a, P: Fn() -> crate::key::KeyPath> {
    engine: &'a Engine,
    node: NodeId,
    path: P,
    ended: bool,
}

impl<'a, P: Fn() -> crate::key::KeyPath> InFlight<'a, P> {
    pub(super) fn new(engine: &'a Engine, node: NodeId, path: P) -> Self {
        Self { engine, node, path, ended: false }
    }

    pub(super) fn ended(mut self) {
        self.ended = true;
    }
}

impl<P: Fn() -> crate::key::KeyPath> Drop for InFlight<'_, P> {
    fn drop(&mut self) {
        if !self.ended {
            self.engine.record(Ended::canceled(self.node, 1), || (self.path)());
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
