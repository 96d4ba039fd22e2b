//! A lane of a fan-out whose keys go through their nodes together.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use super::slots::LaneSlots;
use crate::engine::block::{Block, Finishing, Left};
use crate::engine::fan_out::{FanOut, TakenBlock};
use crate::plan::Shape;

/// How many keys a lane runs without waiting before it lets others on its worker go on.
const KEYS_PER_TURN: usize = 256;

/// Runs keys of a fan-out, until there are no more.
///
/// When a key has to wait, this lane waits for it and nothing else: another one goes on with the block.
pub(super) async fn run(fan_out: Arc<FanOut>) {
    let engine = &fan_out.engine;
    let blocking = engine.shape(fan_out.scope) == Shape::Blocking;
    let mut slots = LaneSlots::new(&fan_out);
    let mut used = None;
    let mut turn = 0;
    // A run that is told to stop gives no more keys.
    while !engine.stop.is_stopped() {
        slots.take(engine).await;
        let mut taken = fan_out.take_block(used.take());
        if blocking && let TakenBlock::Keys(block) = taken {
            let Some(left) = Box::pin(run_on_threads(&fan_out, block)).await else { return };
            taken = left;
        }
        let mut block = match taken {
            TakenBlock::Keys(block) => block,
            TakenBlock::Wait => {
                slots.give_all_back();
                if !fan_out.called().await {
                    return;
                }
                continue;
            }
            TakenBlock::End => return,
        };
        turn += block.len();
        match poll_fn(|context| Poll::Ready(block.run(&fan_out, Some(context.waker())))).await {
            Left::Done => {}
            Left::Stopped => return,
            Left::Waits(waiting) => {
                fan_out.pass_on(block);
                let Some(left) = Finishing::new(&fan_out, waiting).await else { return };
                block = left;
                turn = 0;
            }
        }
        if turn >= KEYS_PER_TURN {
            turn = 0;
            block.pause();
            tokio::task::yield_now().await;
        }
        used = Some(block);
    }
}

/// Runs keys on a thread that may block, while there are some. Nothing is left if the run is aborted.
async fn run_on_threads(fan_out: &Arc<FanOut>, mut block: Box<Block>) -> Option<TakenBlock> {
    let steps = Arc::clone(block.blocking());
    let of = Arc::clone(fan_out);
    let work = fan_out.engine.spawn_blocking(Some(steps), move || {
        while block.run_on_thread(&of) {
            match of.take_block(Some(block)) {
                TakenBlock::Keys(next) => block = next,
                left => return left,
            }
        }
        TakenBlock::End
    });
    // Aborted, or a fault that was noted where it happened.
    work.await.ok()
}
