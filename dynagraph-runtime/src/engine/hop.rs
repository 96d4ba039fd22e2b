//! Calls a blocking op from a worker: on a thread that may block.

use std::sync::Arc;

use super::Engine;
use super::attempt::{Attempt, AttemptResult, StepEnvironment, start};
use crate::error::{OpError, StepError};
use crate::graph::NodeId;
use crate::key::KeyPath;
use crate::op::Port;
use crate::value::Erased;

/// Calls the op of a node, and waits for its end.
pub(super) async fn call(
    engine: &Arc<Engine>,
    id: NodeId,
    inputs: Vec<Erased>,
    path: KeyPath,
    ports: Vec<Option<Arc<dyn Port>>>,
) -> AttemptResult {
    let op = engine.plan.op(id);
    let emits = op.is_some_and(|op| op.spec.outputs.iter().any(|output| output.emitted));
    let on_thread = {
        let engine = Arc::clone(engine);
        move || call_here(&engine, id, inputs, &path, &ports)
    };
    let result = if emits {
        engine.on_own_thread(on_thread).await
    } else {
        engine.spawn_blocking(on_thread).await.map_err(|error| error.to_string())
    };
    result.unwrap_or_else(|error| Err(StepError::Op(OpError::from(error))))
}

fn call_here(
    engine: &Arc<Engine>,
    id: NodeId,
    mut inputs: Vec<Erased>,
    path: &KeyPath,
    ports: &[Option<Arc<dyn Port>>],
) -> AttemptResult {
    let Some(op) = engine.plan.op(id) else { unreachable!("only ops are called") };
    let environment = StepEnvironment { engine, node: id, path: || path.clone(), ports };
    match start(op, &mut inputs, &environment) {
        Attempt::Ended(result) => result,
        // An op may do both: block first, and go on as a future.
        Attempt::Running(future) => engine.handle.block_on(future),
    }
}
