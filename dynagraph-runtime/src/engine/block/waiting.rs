//! A key that has to wait, apart from the block that it was in.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use crate::engine::around::Key;
use crate::engine::attempt::{self, AttemptResult};
use crate::engine::fan_out::FanOut;
use crate::engine::ledger::Ended;
use crate::graph::NodeId;
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

    /// Goes on with the attempt to its end.
    pub(in crate::engine) async fn end(&mut self) -> AttemptResult {
        poll_fn(|context| {
            // Polled at once again, an op that yields would not.
            if std::mem::take(&mut self.polled) {
                return Poll::Pending;
            }
            attempt::poll(&mut self.running, context)
        })
        .await
    }

    pub(super) fn into_ready(self) -> Ready {
        self.ready
    }

    /// The step that is on its way, if it ends with the run.
    fn canceled(&self, fan_out: &FanOut) {
        let Ready { key, at, .. } = &self.ready;
        let node: NodeId = fan_out.plan().nodes[*at];
        let path = || fan_out.frame.path.child(key.key.clone(), key.index);
        fan_out.engine.record(Ended::canceled(node, 1, None), path);
    }
}

/// Waits for a key, and says that it was canceled if nobody waits any more.
pub(in crate::engine) async fn end(fan_out: &FanOut, waiting: Waiting) -> (Waiting, AttemptResult) {
    struct Unless<'a>(&'a FanOut, Option<Waiting>);
    impl Drop for Unless<'_> {
        fn drop(&mut self) {
            if let Some(waiting) = &self.1 {
                waiting.canceled(self.0);
            }
        }
    }

    let mut held = Unless(fan_out, Some(waiting));
    let Some(waiting) = &mut held.1 else { unreachable!("it was put there") };
    let result = waiting.end().await;
    match held.1.take() {
        Some(waiting) => (waiting, result),
        None => unreachable!("nobody else takes it"),
    }
}
