//! A key that has to wait, apart from the block that it was in.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::engine::around::Key;
use crate::engine::attempt::{self, AttemptResult};
use crate::engine::fan_out::FanOut;
use crate::engine::ledger::Ended;
use crate::op::{Running, StepInfo};

/// A key whose attempt goes on.
#[derive(Debug)]
pub(in crate::engine) struct Waiting {
    pub(in crate::engine) ready: Ready,
    pub(in crate::engine) running: Running,
}

/// A key whose attempt has ended.
#[derive(Debug)]
pub(in crate::engine) struct Ready {
    pub(super) key: Key,
    /// The node that it is at.
    pub(super) at: usize,
    pub(super) info: Option<Arc<StepInfo>>,
}

impl Waiting {
    /// Goes on with the attempt.
    pub(in crate::engine) fn poll(&mut self, context: &mut Context<'_>) -> Poll<AttemptResult> {
        attempt::poll(&mut self.running, context)
    }

    /// Waits for the attempt's end, on a thread that may block.
    pub(super) async fn end(mut self) -> (Ready, AttemptResult) {
        let result = poll_fn(|context| self.poll(context)).await;
        (self.ready, result)
    }

    /// Drops the attempt, and says that the step was canceled.
    pub(in crate::engine) fn cancel(self, fan_out: &FanOut) {
        let Ready { key, at, .. } = &self.ready;
        let node = fan_out.plan().nodes[*at];
        let path = || fan_out.frame.path.child(key.key.clone(), key.index);
        fan_out.engine.record(Ended::canceled(node, 1, None), path);
    }
}
