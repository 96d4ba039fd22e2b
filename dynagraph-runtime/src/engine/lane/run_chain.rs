//! Runs the instance of a key on a worker, and waits where its chain cannot go on by itself.

use std::ops::ControlFlow;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::slots::LaneSlots;
use crate::engine::Engine;
use crate::engine::attempt::AttemptResult;
use crate::engine::chain::{At, Chain, Next, On};
use crate::engine::in_flight::{InFlight, resting};
use crate::engine::limit::NodeSlots;
use crate::graph::NodeId;

/// Runs the instance that a chain has begun, on a worker. Breaks when the run is told to stop.
pub(in crate::engine) async fn run_chain(
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
