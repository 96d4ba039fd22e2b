//! Runs the instance of a key on a worker, and waits where its chain cannot go on by itself.

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::slots::LaneSlots;
use crate::engine::Engine;
use crate::engine::chain::{Chain, Next};
use crate::engine::limit::NodeSlots;
use crate::graph::NodeId;

/// Runs the instance that a chain has begun, on a worker. Breaks when the run is told to stop.
pub(in crate::engine) async fn run_chain(
    engine: &Arc<Engine>,
    chain: &mut Chain,
    slots: &mut LaneSlots,
) -> ControlFlow<()> {
    loop {
        match poll_fn(|context| chain.poll(context)).await {
            Next::Done => return ControlFlow::Continue(()),
            next => help(engine, chain, slots, next).await?,
        }
    }
}

/// Does what a chain cannot do by itself. Breaks when the run is told to stop.
pub(super) async fn help(
    engine: &Arc<Engine>,
    chain: &mut Chain,
    slots: &mut LaneSlots,
    next: Next,
) -> ControlFlow<()> {
    let next = match next {
        Next::Limit(id) => {
            let beside = slots.take_beside(engine, id).await;
            if engine.stop.is_stopped() {
                return ControlFlow::Break(());
            }
            if engine.rules(id).blocking {
                call_blocking(engine, chain, id, (slots, Some(beside))).await
            } else {
                call_limited(chain, id, beside).await
            }
        }
        Next::Block(id) => call_blocking(engine, chain, id, (slots, None)).await,
        next => Some(next),
    };
    match next {
        None | Some(Next::Done | Next::Wait) => {}
        Some(Next::Rest(delay)) => slots.rest(engine, delay).await,
        Some(Next::Need(place)) => {
            slots.give_back();
            chain.captured(place).await;
            slots.take(engine).await;
        }
        Some(Next::Stop | Next::Limit(_) | Next::Block(_)) => return ControlFlow::Break(()),
    }
    ControlFlow::Continue(())
}

/// Calls an op, with the step's slots.
async fn call_limited(chain: &mut Chain, id: NodeId, beside: NodeSlots) -> Option<Next> {
    match chain.call(id, None) {
        Some(Next::Wait) => {
            let result = chain.attempt().await;
            drop(beside);
            chain.settle(id, result)
        }
        next => next,
    }
}

/// Calls a blocking op on a thread, which holds the step's slots as long as the op runs.
async fn call_blocking(
    engine: &Arc<Engine>,
    chain: &mut Chain,
    id: NodeId,
    (slots, beside): (&mut LaneSlots, Option<NodeSlots>),
) -> Option<Next> {
    let held = (slots.key.take(), slots.run.take(), beside);
    // Ops that do not block need no room for it.
    let mut hopped = Box::pin(chain.hop(id).call(engine, held)).await;
    if let Some((key, run, _)) = hopped.held.take() {
        (slots.key, slots.run) = (key, run);
    }
    let next = chain.settle_hop(id, hopped);
    if !matches!(next, Some(Next::Rest(_))) {
        slots.take(engine).await;
    }
    next
}
