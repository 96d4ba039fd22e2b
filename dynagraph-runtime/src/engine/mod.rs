//! Runs a plan. The only folder that names tokio's task API.
//!
//! ```text
//! run_root ─▶ Instance ──┬─▶ ops, wires, collects, folds        (instance, gather, fold)
//!                        └─▶ FanOut ─▶ lanes ─▶ Instance | Chain (fan_out, lane, chain)
//! ```
//!
//! A key becomes a running copy in [`lane`]: a lane takes it from its fan-out's queue and runs its instance, as a
//! [`chain`] if its steps follow one another, as an [`instance`] otherwise.

mod again;
mod around;
mod attempt;
mod block;
mod blocking;
mod cause;
mod cell;
mod chain;
mod collected;
mod discard;
mod ending;
mod fan_out;
mod feed;
mod fold;
mod frame;
mod gather;
mod hop;
mod in_flight;
mod instance;
mod judgement;
mod key_slot;
mod lane;
mod ledger;
mod limit;
mod options;
mod outcome;
mod overdue;
mod partial;
mod places;
mod port;
mod ran;
mod rate;
mod rules;
mod selecting;
mod shuffle;
mod sink;
mod stop;
mod storing;
mod stream;
mod tasks;
mod verdict;
mod wire;

use std::num::NonZeroUsize;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use futures::FutureExt as _;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::{Dispatch, Span, info_span};

use crate::sync::lock;
use cause::Accepted;
use discard::Discarded;
use ending::Gauge;
pub(crate) use ledger::{Account, KeptValue};
use ledger::{Ended, Ledger};
use limit::{NodeLimits, node_limits, semaphore};
pub(crate) use limit::{PoolOption, PoolOptions};
pub(crate) use options::{Options, Replaced};
pub(crate) use ran::Ran;
use rules::Rules;
use selecting::Selecting;
pub(crate) use stop::{Stop, Why};
pub(crate) use storing::Resume;
use storing::Storing;
use tasks::Tasks;

use crate::event::{EventKind, Listeners};
use crate::graph::ScopeId;
use crate::key::KeyPath;
use crate::op::RunId;
use crate::partial::Exceeded;
use crate::plan::{DEFAULT_WINDOW, Plan, Shape};
use crate::step::StepNames;
use crate::store::StoreError;

/// What is known of a panic outside of every op.
const PANICKED: &str =
    "a task panicked outside of an op; a value whose `Drop` or `Clone` panics does that";

/// The most steps that run at once, whatever the run says: as many as a semaphore gives out together.
const MOST_AT_ONCE: NonZeroUsize = NonZeroUsize::new(u32::MAX as usize >> 3).unwrap();

/// One run, as all its tasks see it.
#[derive(Debug)]
struct Engine {
    plan: Arc<Plan>,
    names: StepNames,
    run_id: RunId,
    options: Options,
    rules: Rules,
    /// Who is told of spans, if anybody is.
    subscriber: Option<Dispatch>,
    /// What the spans of attempts are inside of.
    span: Span,
    seed: u64,
    handle: Handle,
    /// How many workers the runtime has.
    workers: usize,
    /// How many blocking ops can make progress at once.
    cores: usize,
    at_once: NonZeroUsize,
    run_slots: Arc<Semaphore>,
    /// How many steps run that may have lent their slots.
    lenders: Gauge,
    node_limits: Vec<Option<NodeLimits>>,
    ledger: Ledger,
    accepted: Accepted,
    /// What more keys failed of than a `collect_partial` tolerates.
    exceeded: Mutex<Vec<Exceeded>>,
    discarded: Discarded,
    tasks: Tasks,
    stop: Stop,
    listeners: Arc<Listeners>,
    /// Where the run is kept, if it is.
    storing: Option<Storing>,
    /// Which steps are run, if not all.
    selecting: Option<Selecting>,
    fault: Mutex<Option<String>>,
    began: Instant,
    began_at: SystemTime,
}

/// Why a run did not come to its first step.
#[derive(Debug)]
pub(crate) enum Unstarted {
    NoRuntime,
    Store(StoreError),
}

/// Runs a plan to its end.
///
/// Dropping the future aborts every task of the run.
pub(crate) async fn run(plan: Arc<Plan>, options: Options) -> Result<Ran, Unstarted> {
    /// Aborts what is left when the run's future is dropped.
    struct AbortOnDrop(Arc<Engine>);
    impl Drop for AbortOnDrop {
        fn drop(&mut self) {
            self.0.stop.abort(Why::Broken);
            self.0.tasks.abort();
            // Whatever blocks its thread still, the run is given up now.
            drop(self.0.storing.as_ref().and_then(Storing::close));
        }
    }

    let handle = tasks::runtime().ok_or(Unstarted::NoRuntime)?;
    // Whoever presses it while the store is opened is heard, too.
    let mut pressed = pin!(ending::ctrl_c(options.cancel_on_ctrl_c).fuse());
    if pressed.as_mut().now_or_never().is_some() {
        options.stop.cancel();
    }
    let storing = open(&plan, &options, &handle).await.map_err(Unstarted::Store)?;
    let engine = Arc::new(Engine::new(plan, options, handle, storing));
    let abort = AbortOnDrop(Arc::clone(&engine));
    engine.listeners.tell(|| EventKind::RunStart { run: engine.run_id, job: engine.options.job });
    let outputs = {
        let root = AssertUnwindSafe(instance::run_root(&engine)).catch_unwind();
        tokio::select! {
            biased;
            outputs = root => outputs.map_err(|_| engine.fault(PANICKED)).ok(),
            () = engine.told_to_end(pressed) => None,
        }
    };
    // A run may come to its end although it was asked to end, unless a step did not.
    let whole = outputs.is_some() && !engine.ledger.has_canceled();
    let stopped = engine.stop.why().filter(|_| !whole);
    // Also after the last step: a lane that no key is left for may wait for a slot, and an op whose attempt timed out may
    // still block its thread.
    let waited_for = engine.abort_tasks();
    engine.tasks.none_left().await;
    let stored = engine.storing.as_ref().and_then(Storing::close);
    drop(abort);
    if stopped.is_some() {
        engine.cancel_unstarted();
    }
    Ok(Ran::new(&engine, outputs, stopped, waited_for, stored))
}

/// Opens the run in its store, if it has one, where that may block.
async fn open(
    plan: &Plan,
    options: &Options,
    handle: &Handle,
) -> Result<Option<Storing>, StoreError> {
    if options.store.is_none() {
        return Ok(None);
    }
    // A store that panics has not opened anything.
    handle.spawn_blocking(Storing::open(plan, options)).await.unwrap_or(Err(StoreError::Closed))
}

impl Engine {
    fn new(plan: Arc<Plan>, options: Options, handle: Handle, storing: Option<Storing>) -> Self {
        let asked = plan.scopes.iter().filter_map(|scope| scope.max_concurrent).max();
        let default = asked.map_or(DEFAULT_WINDOW, |asked| asked.max(DEFAULT_WINDOW));
        let at_once = options.at_once().unwrap_or(default).min(MOST_AT_ONCE);
        let run_id = storing.as_ref().map_or_else(RunId::random, |storing| storing.run);
        let subscriber = tasks::subscriber();
        let chosen = options.chosen.clone();
        let selecting = chosen.map(|chosen| Selecting::new(chosen, options.spins()));
        Self {
            run_id,
            span: info_span!(target: "dynagraph", "run", job = options.job, run_id = %run_id),
            seed: options.seed.unwrap_or_else(|| run_id.seed()),
            rules: Rules::new(&plan, &options, subscriber.is_some()),
            subscriber,
            workers: handle.metrics().num_workers(),
            cores: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            at_once,
            run_slots: semaphore(at_once),
            node_limits: node_limits(&plan, &options.pools),
            ledger: Ledger::new(plan.nodes.len()),
            exceeded: Mutex::default(),
            discarded: Discarded::default(),
            lenders: Gauge::default(),
            // The first failure ends a run that fails fast, whoever would tolerate it.
            // In a run of a part, a step below a failed one is told from one below what is left out.
            accepted: Accepted::new((plan.tolerates || selecting.is_some()) && !options.fail_fast),
            tasks: Tasks::default(),
            stop: options.stop.clone(),
            listeners: Arc::clone(&options.listeners),
            storing,
            selecting,
            fault: Mutex::default(),
            began: Instant::now(),
            began_at: ledger::wall_clock(),
            names: plan.step_names(),
            plan,
            options,
            handle,
        }
    }

    /// How many lanes a fan-out may have. For blocking ops, as many as cores unless the job says.
    fn lanes(&self, scope: ScopeId) -> usize {
        let default = self.options.at_once().unwrap_or(DEFAULT_WINDOW).get();
        match self.plan.scope(scope).max_concurrent {
            Some(limit) => limit.get(),
            None if self.shape(scope) == Shape::Blocking => default.min(self.cores),
            None => default,
        }
    }

    /// Notes that the engine broke a rule of its own, and ends the run.
    fn fault(&self, what: &str) {
        lock(&self.fault).get_or_insert_with(|| what.to_owned());
        self.stop.abort(Why::Broken);
    }

    /// Records the steps of the job itself that a stopped run never came to.
    fn cancel_unstarted(&self) {
        for id in &self.plan.scope(ScopeId::ROOT).nodes {
            if self.plan.op(*id).is_some() && !self.ledger.knows(*id) {
                self.record(Ended::canceled(*id, 0, None), KeyPath::root);
            }
        }
    }
}
