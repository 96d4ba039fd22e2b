//! Runs a plan. The only folder that names tokio's task API.
//!
//! ```text
//! run_root ─▶ Instance ──┬─▶ ops, wires, collects, folds        (instance, gather, fold)
//!                        └─▶ FanOut ─▶ lanes ─▶ Instance | Chain (fan_out, lane, chain)
//! ```
//!
//! A key becomes a running copy in [`lane`]: a lane takes it from its fan-out's queue and runs its instance, as a
//! [`chain`] if its steps follow one another, as an [`instance`] otherwise.

mod attempt;
mod cell;
mod chain;
mod fan_out;
mod feed;
mod fold;
mod frame;
mod gather;
mod hop;
mod instance;
mod lane;
mod ledger;
mod limit;
mod outcome;
mod port;
mod sink;
mod stop;
mod stream;
mod tasks;
mod wire;

use std::num::NonZeroUsize;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use futures::FutureExt as _;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use cell::lock;
pub(crate) use ledger::{Account, KeptValue};
use ledger::{Ended, Ledger};
use limit::semaphore;
use outcome::Outcome;
use stop::Stop;
use tasks::Tasks;

use crate::event::{EventKind, Hooks, Listeners};
use crate::key::KeyPath;
use crate::op::RunId;
use crate::plan::{DEFAULT_WINDOW, Plan, ScopePlan, Shape};
use crate::value::{Erased, TypeMap};

/// What is known of a panic outside of every op.
const PANICKED: &str =
    "a task panicked outside of an op; a value whose `Drop` or `Clone` panics does that";

/// What a run was asked to do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// The job's name.
    pub(crate) job: &'static str,
    pub(crate) resources: TypeMap,
    pub(crate) max_concurrent: Option<NonZeroUsize>,
    pub(crate) fail_fast: bool,
    pub(crate) keep_steps: bool,
    pub(crate) keep_values: bool,
    pub(crate) listeners: Arc<Listeners>,
    pub(crate) hooks: Hooks,
}

/// One run, as all its tasks see it.
#[derive(Debug)]
struct Engine {
    plan: Arc<Plan>,
    run_id: RunId,
    options: Options,
    handle: Handle,
    /// How many workers the runtime has.
    workers: usize,
    /// How many blocking ops can make progress at once.
    cores: usize,
    run_slots: Arc<Semaphore>,
    node_slots: Vec<Option<Arc<Semaphore>>>,
    ledger: Ledger,
    tasks: Tasks,
    stop: Stop,
    listeners: Arc<Listeners>,
    fault: Mutex<Option<String>>,
    began: Instant,
    began_at: SystemTime,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) run_id: RunId,
    pub(crate) account: Account,
    /// The job's outputs, if all of them are there.
    pub(crate) outputs: Option<Vec<Erased>>,
    pub(crate) fault: Option<String>,
    pub(crate) stopped: bool,
    pub(crate) took: std::time::Duration,
}

/// Runs a plan to its end. None outside a tokio runtime.
///
/// Dropping the future aborts every task of the run.
pub(crate) async fn run(plan: Arc<Plan>, options: Options) -> Option<Ran> {
    /// Aborts what is left when the run's future is dropped.
    struct AbortOnDrop(Arc<Engine>);
    impl Drop for AbortOnDrop {
        fn drop(&mut self) {
            self.0.stop.stop();
            self.0.tasks.abort();
        }
    }

    let engine = Arc::new(Engine::new(plan, options, tasks::runtime()?));
    let abort = AbortOnDrop(Arc::clone(&engine));
    engine.listeners.tell(|| EventKind::RunStart { job: engine.options.job });
    let outputs = {
        let root = AssertUnwindSafe(instance::run_root(&engine)).catch_unwind();
        tokio::select! {
            outputs = root => outputs.map_err(|_| engine.fault(PANICKED)).ok(),
            () = engine.stop.stopped() => None,
        }
    };
    let stopped = outputs.is_none();
    if stopped {
        engine.tasks.abort();
    }
    engine.tasks.none_left().await;
    drop(abort);
    if stopped {
        engine.cancel_unstarted();
    }
    let account = engine.ledger.close();
    let fault = lock(&engine.fault).take();
    Some(Ran {
        run_id: engine.run_id,
        account,
        outputs: outputs.and_then(|outputs| outputs.into_iter().map(Outcome::ready).collect()),
        fault,
        stopped,
        took: engine.began.elapsed(),
    })
}

impl Engine {
    fn new(plan: Arc<Plan>, options: Options, handle: Handle) -> Self {
        let nodes = (0..plan.nodes.len()).map(crate::graph::NodeId);
        let limits = nodes.map(|node| plan.op(node).and_then(|op| op.spec.rules.max_concurrent));
        let asked = plan.scopes.iter().filter_map(|scope| scope.max_concurrent).max();
        let default = asked.map_or(DEFAULT_WINDOW, |asked| asked.max(DEFAULT_WINDOW));
        let at_once = options.max_concurrent.unwrap_or(default);
        Self {
            run_id: RunId::random(),
            workers: handle.metrics().num_workers(),
            cores: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            run_slots: semaphore(at_once),
            node_slots: limits.map(|limit| limit.map(semaphore)).collect(),
            ledger: Ledger::new(plan.nodes.len()),
            tasks: Tasks::default(),
            stop: Stop::default(),
            listeners: Arc::clone(&options.listeners),
            fault: Mutex::default(),
            began: Instant::now(),
            began_at: ledger::wall_clock(),
            plan,
            options,
            handle,
        }
    }

    /// How many lanes a fan-out may have. For blocking ops, as many as cores unless the job says.
    fn lanes(&self, scope: &ScopePlan) -> usize {
        let default = self.options.max_concurrent.unwrap_or(DEFAULT_WINDOW).get();
        match scope.max_concurrent {
            Some(limit) => limit.get(),
            None if scope.shape == Shape::Blocking => default.min(self.cores),
            None => default,
        }
    }

    /// Notes that the engine broke a rule of its own, and ends the run.
    fn fault(&self, what: &str) {
        lock(&self.fault).get_or_insert_with(|| what.to_owned());
        self.stop.stop();
    }

    /// Records the steps of the job itself that a stopped run never came to.
    fn cancel_unstarted(&self) {
        for id in &self.plan.scope(crate::graph::ScopeId::ROOT).nodes {
            if self.plan.op(*id).is_some() && !self.ledger.knows(*id) {
                self.record(Ended::canceled(*id, 0), KeyPath::root);
            }
        }
    }
}
