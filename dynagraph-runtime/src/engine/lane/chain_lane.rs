//! A lane of a fan-out whose steps follow one another.
//!
//! Cheap keys are taken in blocks, so that lanes do not meet at the queue for each.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::run_chain::help;
use super::slots::LaneSlots;
use super::{KEYS_PER_TURN, once_waiting};
use crate::engine::block::{MAX_BLOCKING, next_size};
use crate::engine::chain::{Chain, Next, Paused};
use crate::engine::fan_out::{FanOut, Item, Taken};
use crate::engine::sink::{Sink, SinkBuffer};
use crate::plan::Shape;

/// What keys gave, until it is passed on.
#[derive(Debug, Default)]
struct Done {
    buffers: Vec<SinkBuffer>,
    count: u64,
}

impl Done {
    /// Takes what the instance that a chain has just run gave.
    fn add(&mut self, fan_out: &FanOut, chain: &mut Chain) {
        if self.buffers.is_empty() {
            self.buffers.extend(fan_out.sinks.iter().map(Sink::buffer));
        }
        chain.deliver(&fan_out.plan().gathers, &mut self.buffers);
        self.count += 1;
    }

    fn flush(&mut self, fan_out: &Arc<FanOut>, suspended: bool) {
        if self.count > 0 {
            fan_out.finish(&mut self.buffers, std::mem::take(&mut self.count), suspended);
        }
    }
}

/// What a lane has begun.
enum Begun {
    /// A key, which is to be run.
    Key,
    /// A key, which a thread has left before its end.
    Paused(Paused),
    /// To wait for keys.
    Wait,
    /// Nothing: there are no more.
    End,
    /// None, as the run's store is too far behind.
    Behind,
}

/// What a lane of a fan-out whose steps follow one another holds.
struct ChainLane {
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
    /// When it went on to take keys, if it has not waited since.
    since: Option<Instant>,
}

/// Runs keys of a fan-out whose steps follow one another, until there are no more.
pub(super) async fn run(fan_out: Arc<FanOut>) {
    let engine = &fan_out.engine;
    let blocking = engine.shape(fan_out.scope) == Shape::Blocking;
    let mut lane = ChainLane::new(&fan_out);
    let mut slots = LaneSlots::new(&fan_out);
    // A run that is told to stop gives no more keys.
    while !engine.stop.is_stopped() {
        if engine.is_behind() {
            // Who does not wait needs no room for it.
            Box::pin(engine.room_in_store()).await;
        }
        slots.take(engine).await;
        let next = if blocking && lane.chain.has_captures() {
            let steps = Arc::clone(lane.chain.blocking());
            let of = Arc::clone(&fan_out);
            let work = engine.spawn_blocking(Some(steps), move || {
                let left = lane.run_on_thread(&of);
                (lane, left)
            });
            // Aborted, or a fault that was noted where it happened.
            let Ok((back, next)) = work.await else { return };
            lane = back;
            next
        } else {
            lane.begin(&fan_out)
        };
        match next {
            Begun::Key => {
                if lane.run_on_worker(&fan_out, &mut slots).await.is_break() {
                    return;
                }
                if fan_out.may_rest {
                    // A key whose retry is due may wait for them.
                    slots.give_all_back();
                }
            }
            Begun::Paused(Paused::Resting(delay)) => {
                Box::pin(lane.rest(&fan_out, &mut slots, delay)).await;
            }
            Begun::Wait => {
                slots.give_all_back();
                if !fan_out.called().await {
                    return;
                }
            }
            Begun::Behind => {}
            Begun::Paused(_) | Begun::End => return,
        }
    }
}

impl ChainLane {
    /// Apart from the task, which moves as a whole before it is there.
    fn new(fan_out: &FanOut) -> Box<Self> {
        let engine = Arc::clone(&fan_out.engine);
        let chain = Chain::new(engine, fan_out.scope, Arc::clone(&fan_out.frame));
        let (done, block) = (Done::default(), VecDeque::new());
        Box::new(Self { chain, done, block, begun: false, size: 1, turn: 0, since: None })
    }

    /// Takes keys, and begins the first.
    fn begin(&mut self, fan_out: &FanOut) -> Begun {
        match fan_out.take(self.size, &mut self.block) {
            Taken::Key(Item { index, key, elements }) => {
                self.chain.begin(index, key, elements);
                Begun::Key
            }
            Taken::Wait => {
                self.since = None;
                Begun::Wait
            }
            Taken::End => Begun::End,
        }
    }

    /// Begins the next key that was taken, if there is one.
    fn begin_next(&mut self) -> bool {
        let Some(Item { index, key, elements }) = self.block.pop_front() else { return false };
        self.chain.begin(index, key, elements);
        true
    }

    /// Waits before the retry of a key that a thread has left.
    async fn rest(&mut self, fan_out: &Arc<FanOut>, slots: &mut LaneSlots, delay: Duration) {
        self.chain.flush();
        self.done.flush(fan_out, false);
        fan_out.suspend(&mut self.block);
        slots.rest(&fan_out.engine, delay).await;
        fan_out.resume();
    }

    /// Runs the keys that were taken, the first of which has begun. Breaks when the run is told to stop.
    async fn run_on_worker(
        &mut self,
        fan_out: &Arc<FanOut>,
        slots: &mut LaneSlots,
    ) -> ControlFlow<()> {
        self.turn += 1 + self.block.len();
        let mut suspended = false;
        loop {
            let Self { chain, done, block, .. } = self;
            let mut waits = || {
                if !std::mem::replace(&mut suspended, true) {
                    done.flush(fan_out, false);
                    fan_out.suspend(block);
                }
            };
            loop {
                let next = poll_fn(|context| chain.poll(context));
                match once_waiting(next, &mut waits).await {
                    Next::Done => break,
                    next => {
                        // Few need it, and it would make all lanes large.
                        let helped = Box::pin(help(&fan_out.engine, chain, slots, next));
                        once_waiting(helped, &mut waits).await?;
                    }
                }
            }
            // Whoever has waited has no other keys, and maybe never will.
            let handed = suspended && chain.hand_over(&fan_out.plan().gathers, &fan_out.sinks);
            if handed {
                done.count += 1;
            } else {
                done.add(fan_out, chain);
            }
            // None is left if the key was suspended.
            if !self.begin_next() {
                break;
            }
        }
        self.chain.flush();
        self.done.flush(fan_out, suspended);
        self.resize(suspended);
        if self.turn >= KEYS_PER_TURN {
            (self.turn, self.since) = (0, None);
            tokio::task::yield_now().await;
        }
        ControlFlow::Continue(())
    }

    /// Says how many keys to take next, by the time that the last ones took.
    fn resize(&mut self, suspended: bool) {
        let since = self.since.take();
        if suspended {
            (self.size, self.turn) = (1, 0);
            return;
        }
        // Nobody asks for the time of the first one, which may be the only one.
        let now = Instant::now();
        self.size = since.map_or(self.size, |since| next_size(self.size, now - since));
        self.since = Some(now);
    }

    /// Runs keys on a thread that may block, while there are some.
    fn run_on_thread(&mut self, fan_out: &Arc<FanOut>) -> Begun {
        let blocking = Arc::clone(self.chain.blocking());
        let mut begun = std::mem::take(&mut self.begun);
        loop {
            if begun {
                let key = std::iter::once(self.chain.key());
                blocking.take(key.chain(self.block.iter().map(|item| (item.index, &item.key))));
            }
            while begun {
                let paused = self.chain.run_on_thread();
                if paused != Paused::Done {
                    (self.begun, self.since) = (true, None);
                    blocking.idle();
                    return Begun::Paused(paused);
                }
                self.done.add(fan_out, &mut self.chain);
                begun = self.begin_next();
            }
            blocking.idle();
            self.chain.flush();
            self.done.flush(fan_out, false);
            self.resize(false);
            self.size = self.size.min(MAX_BLOCKING);
            if fan_out.engine.is_behind() {
                return Begun::Behind;
            }
            match self.begin(fan_out) {
                Begun::Key => begun = true,
                left => return left,
            }
        }
    }
}
