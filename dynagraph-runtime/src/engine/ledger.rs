//! What a run knows of its steps.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::Engine;
use super::stop::Why;
use crate::error::StepError;
use crate::event::{EventKind, Metadata};
use crate::graph::NodeId;
use crate::key::{KeyPath, MappingKey, StepKey};
use crate::step::{StepReport, StepStatus};
use crate::sync::lock;
use crate::value::Erased;

/// How many steps of a node ended in each status.
pub(crate) type Counts = [usize; StepStatus::COUNT];

/// A value that a step gave, kept for the report.
#[derive(Debug)]
pub(crate) struct KeptValue {
    pub(crate) node: NodeId,
    pub(crate) path: KeyPath,
    pub(crate) value: Erased,
}

#[derive(Debug)]
pub(super) struct Ledger {
    counts: Vec<[AtomicUsize; StepStatus::COUNT]>,
    steps: Mutex<Vec<StepReport>>,
    values: Mutex<Vec<KeptValue>>,
}

/// What a run knew at its end.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) counts: Vec<Counts>,
    pub(crate) steps: Vec<StepReport>,
    pub(crate) values: Vec<KeptValue>,
}

impl Ledger {
    pub(super) fn new(nodes: usize) -> Self {
        Self {
            counts: std::iter::repeat_with(Default::default).take(nodes).collect(),
            steps: Mutex::default(),
            values: Mutex::default(),
        }
    }

    /// Whether a step that began was canceled.
    pub(super) fn has_canceled(&self) -> bool {
        let place = StepStatus::Canceled.place();
        self.counts.iter().any(|counts| counts[place].load(Ordering::Relaxed) > 0)
    }

    /// Whether a step of the node has ended.
    pub(super) fn knows(&self, node: NodeId) -> bool {
        self.counts[node.0].iter().any(|count| count.load(Ordering::Relaxed) > 0)
    }

    pub(super) fn close(&self) -> Account {
        let count = |counts: &[AtomicUsize; StepStatus::COUNT]| {
            std::array::from_fn(|place| counts[place].load(Ordering::Relaxed))
        };
        Account {
            counts: self.counts.iter().map(count).collect(),
            steps: std::mem::take(&mut *lock(&self.steps)),
            values: std::mem::take(&mut *lock(&self.values)),
        }
    }
}

/// What one lane knows of steps, until it tells the ledger.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: Vec<(NodeId, Counts)>,
    /// Where the count of the next step is, most likely.
    next: usize,
    steps: Vec<StepReport>,
    values: Vec<KeptValue>,
}

/// How one step ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) node: NodeId,
    pub(super) status: StepStatus,
    pub(super) attempts: u32,
    pub(super) error: Option<Arc<StepError>>,
    pub(super) began: Option<Instant>,
    pub(super) metadata: Metadata,
}

/// How a step that ends was run.
#[derive(Debug)]
pub(super) struct How {
    pub(super) node: NodeId,
    pub(super) attempts: u32,
    /// When the first attempt began, if that is kept.
    pub(super) began: Option<Instant>,
    /// What the last attempt said of its outputs.
    pub(super) metadata: Metadata,
}

impl How {
    /// A step that took one attempt and no time.
    pub(super) fn at_once(node: NodeId) -> Self {
        Self { node, attempts: 1, began: None, metadata: Metadata::new() }
    }
}

impl Ended {
    pub(super) fn success(how: How) -> Self {
        let How { node, attempts, began, metadata } = how;
        Self { node, status: StepStatus::Success, attempts, error: None, began, metadata }
    }

    pub(super) fn failure(how: How, error: StepError) -> Self {
        let How { node, attempts, began, metadata: _ } = how;
        let (status, error) = (StepStatus::Failure, Some(Arc::new(error)));
        Self { node, status, attempts, error, began, metadata: Metadata::new() }
    }

    /// A step that was to end with its run.
    pub(super) fn canceled(node: NodeId, attempts: u32, error: Option<StepError>) -> Self {
        let (status, error) = (StepStatus::Canceled, error.map(Arc::new));
        Self { node, status, attempts, error, began: None, metadata: Metadata::new() }
    }

    /// A step that was never started, because of what it needs.
    pub(super) fn unstarted(node: NodeId, status: StepStatus) -> Self {
        let metadata = Metadata::new();
        Self { node, status, attempts: 0, error: None, began: None, metadata }
    }
}

impl Tally {
    /// Adds a step, and tells of its end. Its path is only made if the step is kept or told of.
    pub(super) fn add(&mut self, engine: &Engine, ended: Ended, path: impl FnOnce() -> KeyPath) {
        let status = ended.status;
        self.count(ended.node, status);
        let kept = status != StepStatus::Success
            || !ended.metadata.is_empty()
            || engine.rules(ended.node).recorded;
        if kept || engine.options.hooks.any(status) {
            self.tell(engine, engine.report(ended, path()), kept);
        } else {
            engine.listeners.tell(|| end_event(&engine.report(ended, path())));
        }
    }

    /// Adds a step of which nobody is told more.
    pub(super) fn count(&mut self, node: NodeId, status: StepStatus) {
        let place = status.place();
        // The steps of a chain come again in the same order.
        let next = self.counts.get(self.next).is_some_and(|(counted, _)| *counted == node);
        if !next {
            let known = self.counts.iter().position(|(counted, _)| *counted == node);
            self.next = known.unwrap_or_else(|| {
                self.counts.push((node, Counts::default()));
                self.counts.len() - 1
            });
        }
        self.counts[self.next].1[place] += 1;
        self.next += 1;
        if self.next == self.counts.len() {
            self.next = 0;
        }
    }

    /// Tells of a step's end, and keeps its report.
    #[cold]
    fn tell(&mut self, engine: &Engine, report: StepReport, kept: bool) {
        engine.listeners.tell(|| end_event(&report));
        engine.options.hooks.call(&report);
        let failed = report.status == StepStatus::Failure;
        if kept {
            self.steps.push(report);
        }
        // Only now, so that what comes of the failure is told after it.
        if failed && engine.options.fail_fast {
            engine.stop.abort(Why::FailFast);
        }
    }

    pub(super) fn keep(&mut self, node: NodeId, path: KeyPath, value: Erased) {
        self.values.push(KeptValue { node, path, value });
    }

    /// Tells the ledger, and forgets.
    pub(super) fn flush(&mut self, ledger: &Ledger) {
        for (node, counts) in &mut self.counts {
            for (place, count) in counts.iter_mut().enumerate().filter(|(_, count)| **count > 0) {
                ledger.counts[node.0][place].fetch_add(*count, Ordering::Relaxed);
                *count = 0;
            }
        }
        if !self.steps.is_empty() {
            lock(&ledger.steps).append(&mut self.steps);
        }
        if !self.values.is_empty() {
            lock(&ledger.values).append(&mut self.values);
        }
    }
}

impl Engine {
    /// Records a step.
    pub(super) fn record(&self, ended: Ended, path: impl FnOnce() -> KeyPath) {
        let mut tally = Tally::default();
        tally.add(self, ended, path);
        tally.flush(&self.ledger);
    }

    pub(super) fn keep_value(&self, node: NodeId, path: KeyPath, value: Erased) {
        lock(&self.ledger.values).push(KeptValue { node, path, value });
    }

    /// How a step ended whose last attempt failed: an op that was asked to end may do so in any way.
    pub(super) fn ended_badly(&self, how: How, error: StepError) -> Ended {
        match self.stop.why() {
            Some(_) => Ended::canceled(how.node, how.attempts, Some(error)),
            None => Ended::failure(how, error),
        }
    }

    /// Tells that another attempt follows.
    pub(super) fn up_for_retry(
        &self,
        (node, attempt): (NodeId, u32),
        error: StepError,
        delay: Duration,
        path: impl FnOnce() -> KeyPath,
    ) {
        self.listeners.tell(|| {
            let (step, error) = (self.step_key(node, path()), Arc::new(error));
            EventKind::StepUpForRetry { step, attempt, error, delay }
        });
    }

    /// Tells that a step emitted a key.
    pub(super) fn tell_emitted(
        &self,
        node: NodeId,
        path: &KeyPath,
        output: &'static str,
        key: &MappingKey,
    ) {
        self.listeners.tell(|| {
            let step = self.step_key(node, path.clone());
            EventKind::StepEmit { step, output, key: key.clone() }
        });
    }

    /// The time, if anybody is told of a step's times.
    pub(super) fn clock(&self) -> Option<Instant> {
        self.rules.times_are_told().then(Instant::now)
    }

    pub(super) fn step_name(&self, node: NodeId) -> (Arc<str>, &'static str) {
        match self.plan.step_name(node) {
            Some(name) => name,
            None => unreachable!("only ops and zips have steps"),
        }
    }

    fn report(&self, ended: Ended, path: KeyPath) -> StepReport {
        let (name, op) = self.step_name(ended.node);
        let time = ended.began.map(|began| {
            let started = self.began_at + began.duration_since(self.began);
            (started, began.elapsed())
        });
        StepReport {
            node: ended.node,
            name,
            op,
            path,
            status: ended.status,
            attempts: ended.attempts,
            error: ended.error,
            time,
            metadata: ended.metadata,
            key: OnceLock::new(),
        }
    }
}

/// What is told of a step's end.
fn end_event(report: &StepReport) -> EventKind {
    let step = StepKey::new(Arc::clone(&report.name), report.path.clone());
    let attempts = report.attempts;
    match (report.status, &report.error) {
        (StepStatus::Failure, Some(error)) => {
            EventKind::StepFailure { step, attempts, error: Arc::clone(error) }
        }
        (StepStatus::Failure, None) => unreachable!("a step fails for a reason"),
        (StepStatus::Success, _) => {
            EventKind::StepSuccess { step, attempts, metadata: report.metadata.clone() }
        }
        (StepStatus::Skipped, _) => EventKind::StepSkipped { step },
        (StepStatus::UpstreamFailed, _) => EventKind::StepUpstreamFailed { step },
        (StepStatus::Canceled, _) => EventKind::StepCanceled { step, attempts },
    }
}

/// The wall clock's time.
pub(super) fn wall_clock() -> SystemTime {
    SystemTime::now()
}
