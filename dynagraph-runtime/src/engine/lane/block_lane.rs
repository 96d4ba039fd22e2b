//! A lane of a fan-out whose keys go through their nodes together.
//!
//! It never waits for a single key: one that has to wait is left in a slot, and whichever lane is free goes on with it
//! when it is woken. So there are as many lanes as workers, however many keys wait.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;

use super::KEYS_PER_TURN;
use crate::engine::Engine;
use crate::engine::block::{Block, Left, Slot, Waiting, next_size};
use crate::engine::fan_out::{FanOut, Work};
use crate::plan::Shape;

/// Others have their turn, and the keys that are left, also after keys that have waited and now take longer than this.
const TURN: Duration = Duration::from_millis(1);
/// The most slots without a key that a lane keeps: others may begin the keys that it sees to the end of.
const MAX_FREE: usize = 64;

/// What a lane holds.
struct BlockLane {
    /// Keys that have begun, if it has some.
    block: Box<Block>,
    /// Takes keys that have waited to their end, one at a time.
    after: Option<Box<Block>>,
    /// Keys that were woken.
    woken: VecDeque<Arc<Slot>>,
    /// How many of these to take next.
    size: usize,
    /// Slots without a key, and the waker of the last of them, which the next key takes that waits.
    free: Vec<Arc<Slot>>,
    waker: Option<Waker>,
    /// The slot of the run for the key that runs. A key that waits keeps one of its own.
    run: Option<OwnedSemaphorePermit>,
    /// How many keys were run since others on this worker had their turn.
    turn: usize,
}

/// Takes keys of a fan-out through their nodes, until there are no more.
pub(super) async fn run(fan_out: Arc<FanOut>) {
    let mut unless_over = Unless { fan_out: &fan_out, over: false };
    let engine = &fan_out.engine;
    let blocking = engine.shape(fan_out.scope) == Shape::Blocking;
    let mut lane = BlockLane::new(&fan_out);
    loop {
        match lane.take_work(&fan_out) {
            Work::Some if blocking => {
                if Box::pin(lane.run_on_thread(&fan_out)).await.is_none() {
                    break;
                }
            }
            Work::Some => {
                lane.go_on(&fan_out);
                if lane.turn >= KEYS_PER_TURN {
                    lane.pause();
                    tokio::task::yield_now().await;
                }
            }
            Work::Slot => {
                lane.pause();
                tokio::select! {
                    slot = engine.run_slot() => {
                        lane.run = Some(slot);
                        fan_out.stop_waiting();
                    }
                    called = fan_out.called() => if !called {
                        break;
                    }
                }
            }
            Work::Wait => {
                lane.pause();
                lane.run = None;
                if !fan_out.called().await {
                    break;
                }
            }
            Work::End => break,
        }
    }
    unless_over.over = true;
}

/// Says that keys were canceled if a lane is dropped before its end: then the run is over.
struct Unless<'a> {
    fan_out: &'a FanOut,
    over: bool,
}

impl Drop for Unless<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.fan_out.abandon();
        }
    }
}

impl BlockLane {
    fn new(fan_out: &FanOut) -> Self {
        Self {
            block: Block::new(fan_out),
            after: None,
            woken: VecDeque::new(),
            size: 1,
            free: Vec::new(),
            waker: None,
            run: None,
            turn: 0,
        }
    }

    fn take_work(&mut self, fan_out: &FanOut) -> Work {
        let may_begin = self.has_slot(&fan_out.engine);
        let work = fan_out.take_work(&mut self.block, &mut self.woken, self.size, may_begin);
        self.turn += self.block.len() + self.woken.len();
        work
    }

    /// Takes a slot of the run, if nobody has to wait for it. Says whether there is one.
    fn has_slot(&mut self, engine: &Engine) -> bool {
        if self.run.is_none() {
            self.run = engine.try_run_slot();
        }
        self.run.is_some()
    }

    /// Others have their turn.
    fn pause(&mut self) {
        self.turn = 0;
        self.block.pause();
    }

    /// Goes on with all keys that it has, as far as they need not wait.
    fn go_on(&mut self, fan_out: &Arc<FanOut>) {
        if !self.woken.is_empty() {
            self.resume_all(fan_out);
        }
        while self.block.len() > 0 && self.has_slot(&fan_out.engine) {
            let waker = match &self.waker {
                Some(waker) => waker,
                None => self.waker.insert(Waker::from(Self::free_slot(&mut self.free, fan_out))),
            };
            match self.block.run(fan_out, Some(waker)) {
                Left::Done => {}
                Left::Stopped => self.block.forget(),
                Left::Waits(waiting) => self.wait(fan_out, waiting),
            }
        }
    }

    /// The slot that the next key takes that waits.
    fn free_slot(free: &mut Vec<Arc<Slot>>, fan_out: &Arc<FanOut>) -> Arc<Slot> {
        if free.is_empty() {
            free.push(fan_out.slot());
        }
        Arc::clone(&free[free.len() - 1])
    }

    /// Leaves a key of the block in a slot, with the run's slot that it has.
    fn wait(&mut self, fan_out: &FanOut, waiting: Waiting) {
        if let Some(slot) = self.run.take() {
            slot.forget();
        }
        fan_out.add_waiting(1);
        self.waker = None;
        if let Some(slot) = self.free.pop() {
            let spare = slot.put(waiting);
            self.block.keep_place(spare);
        }
    }

    /// Goes on with all keys that were woken.
    fn resume_all(&mut self, fan_out: &Arc<FanOut>) {
        let began = Instant::now();
        let mut ended = 0;
        while let Some(slot) = self.woken.pop_front() {
            if let Some(waiting) = slot.take() {
                ended += usize::from(self.resume(fan_out, slot, waiting));
            }
            if !self.woken.is_empty() && began.elapsed() > TURN {
                fan_out.give_back(&mut self.woken);
            }
        }
        if ended > 0 {
            if let Some(after) = &mut self.after {
                after.flush(fan_out);
            }
            if self.free.len() > MAX_FREE {
                fan_out.take_free(self.free.drain(MAX_FREE / 2..));
                self.waker = None;
            }
            fan_out.sub_waiting(ended);
            fan_out.engine.give_run_slots(ended);
        }
        let took = began.elapsed();
        self.size = next_size(self.size, took);
        if took > TURN {
            self.turn = KEYS_PER_TURN;
        }
    }

    /// Goes on with a key that was woken. Says whether it is done.
    fn resume(&mut self, fan_out: &Arc<FanOut>, slot: Arc<Slot>, mut waiting: Waiting) -> bool {
        let waker = Waker::from(Arc::clone(&slot));
        let Poll::Ready(result) = waiting.poll(&mut Context::from_waker(&waker)) else {
            slot.put(waiting);
            return false;
        };
        let Waiting { ready, running } = waiting;
        slot.keep(running);
        let after = self.after.get_or_insert_with(|| Block::new(fan_out));
        match after.go_on(ready, result, &waker) {
            Left::Done => {}
            Left::Stopped => after.forget(),
            Left::Waits(next) => {
                let spare = slot.put(next);
                after.keep_place(spare);
                return false;
            }
        }
        self.free.push(slot);
        self.waker = None;
        true
    }

    /// Runs keys on a thread that may block, while there are some. Nothing is left if the run is aborted.
    async fn run_on_thread(&mut self, fan_out: &Arc<FanOut>) -> Option<()> {
        let mut block = std::mem::replace(&mut self.block, Block::new(fan_out));
        let steps = Arc::clone(block.blocking());
        let of = Arc::clone(fan_out);
        let work = fan_out.engine.spawn_blocking(Some(steps), move || {
            while block.run_on_thread(&of) && of.refill(&mut block) {}
            block
        });
        // Aborted, or a fault that was noted where it happened.
        self.block = work.await.ok()?;
        Some(())
    }
}
