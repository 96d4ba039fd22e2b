//! A lane: one task that takes keys of a fan-out through their whole instance, one after the other.
//!
//! Lanes are started as they are needed: as many as there are workers at once, and one more whenever a key has to wait
//! and others are there. Cheap keys are taken in blocks, so that lanes do not meet at the queue for each.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::attempt::AttemptResult;
use super::chain::{At, Chain, Next, On, Paused};
use super::fan_out::{FanOut, Item, Suspended};
use super::key_slot::KeySlot;
use super::ledger::Ended;
use super::limit::{NodeSlots, acquire};
use super::sink::SinkBuffer;
use super::{Engine, instance};
use crate::graph::NodeId;
use crate::key::{KeyPath, MappingKey};
use crate::plan::Shape;

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
    if fan_out.engine.shape(fan_out.scope) == Shape::Graph {
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
        let slot = KeySlot::take(fan_out).await;
        fan_out.take(1, &mut block);
        if let Some(item) = block.pop_front() {
            let mut run = pin!(instance::run(fan_out, item, slot));
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
        drop(slot);
        if !fan_out.more().await {
            return;
        }
    }
}

/// The slots that a lane holds while it runs steps: that of its key, and that of the run.
#[derive(Debug, Default)]
pub(super) struct LaneSlots {
    key_slots: Option<Arc<Semaphore>>,
    key: Option<OwnedSemaphorePermit>,
    run: Option<OwnedSemaphorePermit>,
}

impl LaneSlots {
    fn new(fan_out: &FanOut) -> Self {
        Self { key_slots: fan_out.key_slots.clone(), key: None, run: None }
    }

    /// Takes what is missing. The run's slot is always the last.
    pub(super) async fn take(&mut self, engine: &Engine) {
        if let Some(slots) = &self.key_slots
            && self.key.is_none()
        {
            self.run = None;
            self.key = Some(acquire(slots).await);
        }
        if self.run.is_none() {
            self.run = Some(engine.run_slot().await);
        }
    }

    /// Gives the run's slot back, while the key waits for others.
    fn give_back(&mut self) {
        self.run = None;
    }

    /// Gives everything back: no key runs.
    fn give_all_back(&mut self) {
        (self.run, self.key) = (None, None);
    }

    /// Takes what a node's steps need beside.
    async fn take_beside(&mut self, engine: &Engine, node: NodeId) -> NodeSlots {
        if let Some(beside) = engine.try_beside(node) {
            return beside;
        }
        self.give_back();
        let (beside, run) = engine.beside(node).await;
        self.run = Some(run);
        beside
    }

    /// Waits before a retry, and gives everything to others meanwhile.
    pub(super) async fn rest(&mut self, engine: &Engine, delay: Duration) {
        if delay.is_zero() {
            tokio::task::yield_now().await;
        } else {
            self.give_all_back();
            tokio::time::sleep(delay).await;
        }
        self.take(engine).await;
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
    /// The key that a thread left before its end.
    begun: Option<(u64, MappingKey)>,
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
        Self { fan_out, chain, done, block: VecDeque::new(), begun: None, size: 1, turn: 0 }
    }

    async fn run(mut self) {
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
        let Self { fan_out, chain, done, block, begun, .. } = self;
        let Some((index, key)) = begun else { return };
        done.flush(fan_out);
        chain.flush();
        let _suspended = Suspended::new(fan_out);
        fan_out.share(block);
        let at = At { key, index: *index };
        let in_flight = resting(&fan_out.engine, chain, at);
        slots.rest(&fan_out.engine, delay).await;
        in_flight.ended();
    }

    /// Takes some keys and runs them. Breaks when the run is told to stop.
    async fn run_on_worker(&mut self, slots: &mut LaneSlots) -> ControlFlow<()> {
        let Self { fan_out, chain, done, block, size, turn, .. } = self;
        fan_out.take(*size, block);
        *turn += block.len();
        let began = Instant::now();
        let mut waited = false;
        while let Some(Item { index, key, elements }) = block.pop_front() {
            let at = At { key: &key, index };
            chain.begin(elements);
            let mut suspended = None;
            let ran = {
                let mut run = pin!(run_chain(&fan_out.engine, chain, at, slots));
                poll_fn(|context| {
                    let poll = run.as_mut().poll(context);
                    if poll.is_pending() {
                        waited = true;
                        done.flush(fan_out);
                        suspended.get_or_insert_with(|| Suspended::new(fan_out));
                        fan_out.share(block);
                    }
                    poll
                })
                .await
            };
            drop(suspended);
            ran?;
            done.add(fan_out, chain, at);
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
            if let Some((index, key)) = begun.take() {
                let at = At { key: &key, index };
                blocking.take(std::iter::once((index, &key)));
                let paused = chain.run_on_thread(at);
                if paused != Paused::Done {
                    *begun = Some((index, key));
                    return paused;
                }
                done.add(fan_out, chain, at);
            }
            fan_out.take(*size, block);
            blocking.take(block.iter().map(|item| (item.index, &item.key)));
            let count = block.len();
            while let Some(Item { index, key, elements }) = block.pop_front() {
                let at = At { key: &key, index };
                chain.begin(elements);
                let paused = chain.run_on_thread(at);
                if paused != Paused::Done {
                    *begun = Some((index, key));
                    blocking.idle();
                    return paused;
                }
                done.add(fan_out, chain, at);
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

/// Runs the instance that a chain has begun, on a worker. Breaks when the run is told to stop.
pub(super) async fn run_chain(
    engine: &Arc<Engine>,
    chain: &mut Chain,
    at: At<'_>,
    slots: &mut LaneSlots,
) -> ControlFlow<()> {
    loop {
        let next = match chain.advance(at, On::Worker) {
            Next::Limit(id) => {
                let beside = slots.take_beside(engine, id).await;
                if engine.stop.is_stopped() {
                    return ControlFlow::Break(());
                }
                if engine.rules(id).blocking {
                    call_blocking(engine, chain, id, at, (slots, Some(beside))).await
                } else {
                    match chain.call(id, at) {
                        Some(Next::Wait(id, future)) => {
                            let next = wait(engine, chain, (id, future), at).await;
                            drop(beside);
                            next
                        }
                        next => next,
                    }
                }
            }
            Next::Block(id) => call_blocking(engine, chain, id, at, (slots, None)).await,
            Next::Wait(id, future) => wait(engine, chain, (id, future), at).await,
            next => Some(next),
        };
        match next {
            None => {}
            Some(Next::Done) => return ControlFlow::Continue(()),
            Some(Next::Rest(delay)) => {
                let in_flight = resting(engine, chain, at);
                slots.rest(engine, delay).await;
                in_flight.ended();
            }
            Some(Next::Need(place)) => {
                slots.give_back();
                chain.captured(place).await;
                slots.take(engine).await;
            }
            Some(Next::Stop | Next::Wait(..) | Next::Limit(_) | Next::Block(_)) => {
                return ControlFlow::Break(());
            }
        }
    }
}

/// Waits for an op that a chain has called.
async fn wait(
    engine: &Arc<Engine>,
    chain: &mut Chain,
    (id, future): (NodeId, BoxFuture<'static, AttemptResult>),
    at: At<'_>,
) -> Option<Next> {
    let in_flight = InFlight::new(engine, id, chain.attempt(), || chain.path(at));
    let result = future.await;
    in_flight.ended();
    chain.settle(id, result, at)
}

/// Calls a blocking op on a thread, which holds the step's slots as long as the op runs.
async fn call_blocking(
    engine: &Arc<Engine>,
    chain: &mut Chain,
    id: NodeId,
    at: At<'_>,
    (slots, beside): (&mut LaneSlots, Option<NodeSlots>),
) -> Option<Next> {
    let hop = chain.hop(id, at);
    let path = hop.path.clone();
    let in_flight = InFlight::new(engine, id, hop.attempt, || path.clone());
    let held = (slots.key.take(), slots.run.take(), beside);
    let mut hopped = hop.call(engine, held).await;
    in_flight.ended();
    if let Some((key, run, _)) = hopped.held.take() {
        (slots.key, slots.run) = (key, run);
    }
    let next = chain.settle_hop(id, hopped, at);
    if !matches!(next, Some(Next::Rest(_))) {
        slots.take(engine).await;
    }
    next
}

/// A step that runs: if it is dropped before its end, it was canceled.
pub(super) struct InFlight<'a, P: Fn() -> KeyPath> {
    engine: &'a Engine,
    node: NodeId,
    attempts: u32,
    path: P,
    ended: bool,
}

impl<'a, P: Fn() -> KeyPath> InFlight<'a, P> {
    pub(super) fn new(engine: &'a Engine, node: NodeId, attempts: u32, path: P) -> Self {
        Self { engine, node, attempts, path, ended: false }
    }

    pub(super) fn ended(mut self) {
        self.ended = true;
    }

    pub(super) fn ended_with<T>(self, result: T) -> T {
        self.ended();
        result
    }
}

/// A chain's step that waits for its retry.
pub(super) fn resting<'a>(
    engine: &'a Engine,
    chain: &'a Chain,
    at: At<'a>,
) -> InFlight<'a, impl Fn() -> KeyPath + 'a> {
    InFlight::new(engine, chain.next_node(), chain.attempt() - 1, move || chain.path(at))
}

impl<P: Fn() -> KeyPath> Drop for InFlight<'_, P> {
    fn drop(&mut self) {
        if !self.ended {
            let canceled = Ended::canceled(self.node, self.attempts, None);
            self.engine.record(canceled, || (self.path)());
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
