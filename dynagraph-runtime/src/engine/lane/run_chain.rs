//! Runs the instance of a key on a worker, and waits where its chain cannot go on by itself.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::slots::LaneSlots;
use crate::engine::Engine;
use crate::engine::chain::{Chain, Next, On};
use crate::engine::limit::NodeSlots;
use crate::graph::NodeId;

/// Runs the instance that a chain has begun, on a worker. Breaks when the run is told to stop.
pub(in crate::engine) async fn run_chain(
    engine: &Arc<Engine>,
    chain: &mut Chain,
    slots: &mut LaneSlots,
) -> ControlFlow<()> {
    loop {
        let next = match chain.advance(On::Worker) {
            Next::Limit(id) => {
                let beside = slots.take_beside(engine, id).await;
                if engine.stop.is_stopped() {
                    return ControlFlow::Break(());
                }
                if engine.rules(id).blocking {
                    call_blocking(engine, chain, id, (slots, Some(beside))).await
                } else {
                    match chain.call(id) {
                        Some(Next::Wait(id, future)) => {
                            let result = future.await;
                            drop(beside);
                            chain.settle(id, result)
                        }
                        next => next,
                    }
                }
            }
            Next::Block(id) => call_blocking(engine, chain, id, (slots, None)).await,
            Next::Wait(id, future) => {
                let result = future.await;
                chain.settle(id, result)
            }
            next => Some(next),
        };
        match next {
            None => {}
            Some(Next::Done) => return ControlFlow::Continue(()),
            Some(Next::Rest(delay)) => slots.rest(engine, delay).await,
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

/// Calls a blocking op on a thread, which holds the step's slots as long as the op runs.
async fn call_blocking(
    engine: &Arc<Engine>,
    chain: &mut Chain,
    id: NodeId,
    (slots, beside): (&mut LaneSlots, Option<NodeSlots>),
) -> Option<Next> {
    let held = (slots.key.take(), slots.run.take(), beside);
    let mut hopped = chain.hop(id).call(engine, held).await;
    if let Some((key, run, _)) = hopped.held.take() {
        (slots.key, slots.run) = (key, run);
    }
    let next = chain.settle_hop(id, hopped);
    if !matches!(next, Some(Next::Rest(_))) {
        slots.take(engine).await;
    }
    next
}
