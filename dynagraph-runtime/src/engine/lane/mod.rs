//! A lane: one task that takes keys of a fan-out through their whole instance, one after the other.
//!
//! Lanes are started as they are needed: as many as there are workers at once, and one more whenever a key has to wait
//! and others are there. Cheap keys are taken in blocks, so that lanes do not meet at the queue for each.

mod block_lane;
mod chain_lane;
mod run_chain;
mod slots;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

pub(super) use run_chain::run_chain;
pub(super) use slots::LaneSlots;

use super::fan_out::{FanOut, Taken};
use super::instance;
use super::key_slot::KeySlot;
use crate::plan::Shape;

/// How many keys a lane runs without waiting before it lets others on its worker go on.
const KEYS_PER_TURN: usize = 256;

/// Starts a lane, which runs keys of a fan-out until there are no more.
pub(super) fn start(fan_out: &Arc<FanOut>) {
    let of = Arc::clone(fan_out);
    if fan_out.engine.shape(fan_out.scope) == Shape::Graph {
        fan_out.engine.spawn(|| graph_lane(of));
    } else if fan_out.engine.is_straight(fan_out.scope) {
        fan_out.engine.spawn(|| block_lane::run(of));
    } else {
        fan_out.engine.spawn(|| chain_lane::run(of));
    }
}

async fn graph_lane(fan_out: Arc<FanOut>) {
    let fan_out = &fan_out;
    let mut rest = VecDeque::new();
    // A run that is told to stop gives no more keys.
    while !fan_out.engine.stop.is_stopped() {
        if fan_out.engine.is_behind() {
            Box::pin(fan_out.engine.room_in_store()).await;
        }
        let slot = KeySlot::take(fan_out).await;
        match fan_out.take(1, &mut rest) {
            Taken::Key(item) => {
                let mut suspended = false;
                let run = instance::run(fan_out, item, slot);
                once_waiting(run, || {
                    suspended = true;
                    fan_out.suspend(&mut rest);
                })
                .await;
                fan_out.finish(&mut [], 1, suspended);
                tokio::task::coop::consume_budget().await;
            }
            Taken::Wait => {
                drop(slot);
                if !fan_out.called().await {
                    return;
                }
            }
            Taken::End => return,
        }
    }
}

/// Drives a future to its end, and says when it waits for the first time.
async fn once_waiting<F: Future>(future: F, waits: impl FnOnce()) -> F::Output {
    let mut future = pin!(future);
    let mut waits = Some(waits);
    poll_fn(|context| {
        let poll = future.as_mut().poll(context);
        if poll.is_pending()
            && let Some(waits) = waits.take()
        {
            waits();
        }
        poll
    })
    .await
}
