//! One attempt of one step: calls the op, and lets no panic out.

use std::any::Any;
use std::cell::OnceCell;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::Instant;
use tracing::{Instrument as _, info_span};

use super::Engine;
use super::rules::NodeRules;
use crate::error::{OpError, StepError};
use crate::event::EventKind;
use crate::graph::NodeId;
use crate::key::{KeyPath, StepKey};
use crate::op::{
    Call, Environment, Given, OpContext, OpResult, Output, OutputKind, OutputSpec, Port, Progress,
    Returned, Running, StepInfo,
};
use crate::plan::OpPlan;
use crate::value::{Erased, TypeMap, panic_message};

pub(super) type AttemptResult = Result<Returned, StepError>;

/// An attempt that began.
pub(super) enum Attempt {
    Ended(AttemptResult),
    /// It goes on where it was begun.
    Running,
    /// It goes on, and somebody sees to its time or its span.
    Watched(BoxFuture<'static, AttemptResult>),
}

/// The path of an instance, made when somebody asks.
pub(super) trait AsPath {
    fn path(&self) -> KeyPath;
}

impl<P: Fn() -> KeyPath> AsPath for P {
    fn path(&self) -> KeyPath {
        self()
    }
}

/// What a step's op can ask for.
pub(super) struct StepEnvironment<'a, P> {
    pub(super) engine: &'a Engine,
    pub(super) node: NodeId,
    pub(super) attempt: u32,
    pub(super) path: P,
    pub(super) ports: &'a [Option<Arc<dyn Port>>],
    /// Made when somebody asks.
    pub(super) info: OnceCell<Arc<StepInfo>>,
}

impl<P: AsPath> StepEnvironment<'_, P> {
    pub(super) fn info(&self) -> &Arc<StepInfo> {
        let make = || Arc::new(self.engine.step_info(self.node, self.path.path(), self.attempt));
        self.info.get_or_init(make)
    }

    /// The attempt as its op sees it, if anybody asked.
    pub(super) fn into_info(self) -> Option<Arc<StepInfo>> {
        self.info.into_inner()
    }

    /// Tells that the attempt begins.
    pub(super) fn tell_start(&self) {
        let attempt = self.attempt;
        self.engine.listeners.tell(|| EventKind::StepStart { step: self.key(), attempt });
    }

    fn key(&self) -> StepKey {
        self.engine.step_key(self.node, self.path.path())
    }
}

impl Engine {
    pub(super) fn step_key(&self, node: NodeId, path: KeyPath) -> StepKey {
        StepKey::new(self.step_name(node).0, path)
    }

    pub(super) fn step_info(&self, node: NodeId, path: KeyPath, attempt: u32) -> StepInfo {
        let key = self.step_key(node, path);
        let (cancellation, listeners) = (self.stop.cancellation(), Arc::clone(&self.listeners));
        StepInfo::new(self.run_id, key, attempt, cancellation, listeners)
    }
}

impl<P: AsPath> Environment for StepEnvironment<'_, P> {
    fn context(&self) -> OpContext {
        OpContext::new(Arc::clone(self.info()))
    }

    fn resources(&self) -> &TypeMap {
        &self.engine.options.resources
    }

    fn port(&self, output: usize) -> Arc<dyn Port> {
        let spec = self.engine.plan.op(self.node).and_then(|op| op.spec.outputs.get(output));
        match self.ports.get(output) {
            // Of what is not announced, a retry could not tell which keys keep their copies.
            Some(Some(port)) if spec.is_some_and(|spec| spec.emitted) => Arc::clone(port),
            _ => panic!("the op's spec has no emitted output {output}: `OutputSpec::emitted(..)`"),
        }
    }
}

impl<P> fmt::Debug for StepEnvironment<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepEnvironment").field("node", &self.node).finish_non_exhaustive()
    }
}

/// Begins an attempt. The inputs are used up.
pub(super) fn start<P: AsPath>(
    rules: &NodeRules,
    inputs: &mut Vec<Erased>,
    environment: &StepEnvironment<'_, P>,
    running: &mut Running,
    waker: Option<&Waker>,
) -> Attempt {
    environment.tell_start();
    if !rules.deadlines.are_none() || environment.engine.subscriber.is_some() {
        return start_watched(rules, inputs, environment);
    }
    let mut given = None;
    let called = call(rules, None, inputs, environment, running, waker, &mut given);
    inputs.clear();
    match called {
        Ok(Progress::Done) => Attempt::Ended(ended(given)),
        Ok(Progress::Running) => Attempt::Running,
        Err(payload) => Attempt::Ended(Err(broken(running, payload))),
    }
}

/// Begins an attempt that has a span, or so much time.
#[cold]
fn start_watched<P: AsPath>(
    rules: &NodeRules,
    inputs: &mut Vec<Erased>,
    environment: &StepEnvironment<'_, P>,
) -> Attempt {
    let engine = environment.engine;
    let span = info_span!(
        target: "dynagraph", parent: &engine.span,
        "step", run_id = %engine.run_id, step = %environment.key(), attempt = environment.attempt,
    );
    let began = (!rules.deadlines.are_none()).then(Instant::now);
    let mut running = Running::default();
    let mut given = None;
    let called =
        span.in_scope(|| call(rules, None, inputs, environment, &mut running, None, &mut given));
    inputs.clear();
    match called {
        Ok(Progress::Done) => {
            // Nobody can end an op that does its work in `start`.
            let missed = began.and_then(|began| rules.deadlines.missed_by(began.elapsed()));
            Attempt::Ended(missed.map_or_else(|| ended(given), Err))
        }
        Ok(Progress::Running) => {
            let driven = driven(running).boxed();
            let attempt = match began {
                None => driven,
                Some(_) => {
                    let info = Arc::clone(environment.info());
                    rules.deadlines.bound(info, driven).boxed()
                }
            };
            Attempt::Watched(if span.is_disabled() {
                attempt
            } else {
                attempt.instrument(span).boxed()
            })
        }
        Err(payload) => Attempt::Ended(Err(broken(&mut running, payload))),
    }
}

/// Calls an op, which may panic. What it leaves of its inputs is nobody's.
pub(super) fn call<P: AsPath>(
    rules: &NodeRules,
    first: Option<Erased>,
    inputs: &mut Vec<Erased>,
    environment: &StepEnvironment<'_, P>,
    running: &mut Running,
    waker: Option<&Waker>,
    given: &mut Option<OpResult>,
) -> std::thread::Result<Progress> {
    let start = || {
        let call = Call::new(inputs, environment, running, waker, given);
        let mut call = call.with_first(first);
        rules.behavior.start(&mut call).0
    };
    let called = catch_unwind(AssertUnwindSafe(start))?;
    // Only an op that is written by hand goes on with nothing.
    let goes_on = called == Progress::Running && !running.is_empty();
    Ok(if goes_on { Progress::Running } else { Progress::Done })
}

/// Takes what an op gave that has ended.
pub(super) fn ended(given: Option<OpResult>) -> AttemptResult {
    match given {
        Some(result) => result.map_err(StepError::Op),
        None => {
            let error = "the op's `start` returned the `Started` of another call";
            Err(StepError::Op(OpError::from(error)))
        }
    }
}

/// Goes on with an attempt.
pub(super) fn poll(running: &mut Running, context: &mut Context<'_>) -> Poll<AttemptResult> {
    match catch_unwind(AssertUnwindSafe(|| running.poll(context))) {
        Ok(poll) => poll.map_err(StepError::Op),
        Err(payload) => Poll::Ready(Err(broken(running, payload))),
    }
}

/// Ends an attempt that has panicked.
#[cold]
pub(super) fn broken(running: &mut Running, payload: Box<dyn Any + Send>) -> StepError {
    // What is left of a future that has panicked may panic when it is dropped.
    let _dropped = catch_unwind(AssertUnwindSafe(|| running.clear()));
    StepError::Panicked(panic_message(payload))
}

/// Goes on with an attempt to its end.
pub(super) async fn driven(mut running: Running) -> AttemptResult {
    poll_fn(|context| poll(&mut running, context)).await
}

impl Attempt {
    /// Waits for the attempt's end, wherever it goes on.
    pub(super) fn end(
        self,
        running: Running,
    ) -> Result<AttemptResult, BoxFuture<'static, AttemptResult>> {
        match self {
            Self::Ended(result) => Ok(result),
            Self::Running => Err(driven(running).boxed()),
            Self::Watched(future) => Err(future),
        }
    }
}

/// Says whether an op gave what its spec promises. Only one that is written by hand may not.
pub(super) fn conforming(op: &OpPlan, returned: Returned) -> AttemptResult {
    let outputs = returned.outputs();
    let specs = &op.spec.outputs;
    let fits = |(output, spec): (&Output, &OutputSpec)| {
        matches!(
            (&output.0, spec.kind),
            (Given::Value(_), OutputKind::Plain | OutputKind::Optional)
                | (Given::Nothing, OutputKind::Optional)
                | (Given::List(_) | Given::Emitted, OutputKind::Dynamic)
        )
    };
    if outputs.len() == specs.len() && outputs.iter().zip(specs).all(fits) {
        return Ok(returned);
    }
    let error = "the op returned other outputs than its spec names";
    Err(StepError::Op(OpError::from(error)))
}

/// Computes something outside of any step. Values may be cloned in it, and their `Clone` is not ours.
pub(super) fn guarded<T>(engine: &Engine, compute: impl FnOnce() -> T) -> Option<T> {
    let computed = catch_unwind(AssertUnwindSafe(compute));
    if computed.is_err() {
        engine.fault("a value's `Clone` or `Drop` panicked between two steps");
    }
    computed.ok()
}
