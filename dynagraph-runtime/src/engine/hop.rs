//! Calls a blocking op from a worker: on a thread that may block.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::Engine;
use super::attempt::{AttemptResult, StepEnvironment, start};
use super::blocking::Blocking;
use super::overdue::{Deadlines, Missed};
use crate::error::{OpError, StepError};
use crate::graph::NodeId;
use crate::key::KeyPath;
use crate::op::{Port, Running, StepInfo};
use crate::plan::OpPlan;
use crate::value::Erased;

/// An attempt that is to be made on a thread that may block.
pub(super) struct Hop {
    pub(super) node: NodeId,
    pub(super) path: KeyPath,
    pub(super) attempt: u32,
    pub(super) inputs: Vec<Erased>,
    pub(super) ports: Vec<Option<Arc<dyn Port>>>,
}

/// What came of it.
pub(super) struct Hopped<H> {
    pub(super) result: AttemptResult,
    pub(super) info: Arc<StepInfo>,
    /// What the thread held; nothing if the op still runs.
    pub(super) held: Option<H>,
}

impl Hop {
    /// Calls the op, and waits for its end or for the end of its time.
    ///
    /// An op that runs on keeps what it holds until it returns.
    /// There may be no thread for it at once: its time begins when it does, and it does not if the run is told to stop.
    pub(super) async fn call<H: Send + 'static>(self, engine: &Arc<Engine>, held: H) -> Hopped<H> {
        let node = self.node;
        let emits = engine.plan.op(node).is_some_and(OpPlan::emits);
        let info = Arc::new(engine.step_info(node, self.path.clone(), self.attempt));
        let blocking = Arc::new(Blocking::new(self.path.clone()));
        let (tell, told) = oneshot::channel();
        let on_thread = {
            let (engine, info) = (Arc::clone(engine), Arc::clone(&info));
            let blocking = Arc::clone(&blocking);
            move || {
                let wanted = !engine.stop.is_stopped() && tell.send(()).is_ok();
                let result = wanted.then(|| {
                    blocking.at(node, 0);
                    self.call_here(&engine, info)
                });
                (result, held)
            }
        };
        let ended = async {
            if emits {
                engine.on_own_thread(blocking, on_thread).await
            } else {
                let task = engine.spawn_blocking(Some(blocking), on_thread);
                task.await.map_err(|error| error.to_string())
            }
        };
        let ended = tokio::select! {
            biased;
            ended = ended => ended,
            missed = overdue(told, engine.rules(node).deadlines, &info) => {
                info.over.ask();
                return Hopped { result: Err(missed.error(true)), info, held: None };
            }
        };
        match ended {
            Ok((Some(result), held)) => Hopped { result, info, held: Some(held) },
            Ok((None, held)) => {
                drop(held);
                std::future::pending().await
            }
            Err(error) => {
                let result = Err(StepError::Op(OpError::from(error)));
                Hopped { result, info, held: None }
            }
        }
    }

    fn call_here(self, engine: &Arc<Engine>, info: Arc<StepInfo>) -> AttemptResult {
        let Self { node, path, attempt, mut inputs, ports } = self;
        let path = || path.clone();
        let ports = &ports;
        let info = info.into();
        let environment = StepEnvironment { engine, node, attempt, path, ports, info };
        let mut running = Running::default();
        let started = start(engine.rules(node), &mut inputs, &environment, &mut running, None);
        // An op may do both: block first, and go on as a future.
        started.end(running).unwrap_or_else(|future| engine.handle.block_on(future))
    }
}

/// Waits until an attempt has begun and then has missed its time.
async fn overdue(begun: oneshot::Receiver<()>, deadlines: Deadlines, info: &StepInfo) -> Missed {
    match begun.await {
        Ok(()) => deadlines.missed(info).await,
        Err(_) => std::future::pending().await,
    }
}
