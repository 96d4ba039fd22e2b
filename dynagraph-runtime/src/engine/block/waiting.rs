//! A key that has to wait, apart from the block that it was in.

use std::future::poll_fn;
use std::mem::take;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::{Block, Left};
use crate::engine::around::Key;
use crate::engine::attempt::{self, AttemptResult};
use crate::engine::fan_out::FanOut;
use crate::engine::ledger::Ended;
use crate::op::{Running, StepInfo};

/// A key whose attempt goes on.
#[derive(Debug)]
pub(in crate::engine) struct Waiting {
    ready: Ready,
    running: Running,
    /// Whether it was polled where it was called, and has not been woken since.
    polled: bool,
}

/// A key whose attempt has ended.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) key: Key,
    /// The node that it is at.
    pub(super) at: usize,
    pub(super) info: Option<Arc<StepInfo>>,
}

impl Waiting {
    pub(super) fn new(ready: Ready, running: Running, polled: bool) -> Self {
        Self { ready, running, polled }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<AttemptResult> {
        // Polled at once again, an op that yields would not.
        if take(&mut self.polled) {
            return Poll::Pending;
        }
        attempt::poll(&mut self.running, context)
    }

    /// Waits for the attempt's end, on a thread that may block.
    pub(super) async fn end(mut self) -> (Ready, AttemptResult) {
        let result = poll_fn(|context| self.poll(context)).await;
        (self.ready, result)
    }
}

/// Takes a key that waits to its end.
///
/// Gives the block in which it came there; none if the run is told to stop. Dropped, it says that the step was canceled.
#[derive(Debug)]
pub(in crate::engine) struct Finishing<'a> {
    fan_out: &'a Arc<FanOut>,
    waiting: Option<Waiting>,
}

impl<'a> Finishing<'a> {
    pub(in crate::engine) fn new(fan_out: &'a Arc<FanOut>, waiting: Waiting) -> Self {
        Self { fan_out, waiting: Some(waiting) }
    }
}

impl Future for Finishing<'_> {
    type Output = Option<Box<Block>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let fan_out = self.fan_out;
        while let Some(waiting) = &mut self.waiting {
            let result = ready!(waiting.poll(context));
            let Some(Waiting { ready, .. }) = self.waiting.take() else { break };
            let mut block = fan_out.spare_block();
            match block.go_on(fan_out, ready, result, context.waker()) {
                Left::Done => return Poll::Ready(Some(block)),
                Left::Stopped => break,
                Left::Waits(next) => {
                    fan_out.keep_block(block);
                    self.waiting = Some(next);
                }
            }
        }
        Poll::Ready(None)
    }
}

impl Drop for Finishing<'_> {
    fn drop(&mut self) {
        let Some(Waiting { ready: Ready { key, at, .. }, .. }) = &self.waiting else { return };
        let FanOut { engine, frame, .. } = &**self.fan_out;
        let node = self.fan_out.plan().nodes[*at];
        let path = || frame.path.child(key.key.clone(), key.index);
        engine.record(Ended::canceled(node, 1, None), path);
    }
}
