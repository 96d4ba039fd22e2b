//! What a run knows of its steps.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::Engine;
use super::stop::Why;
use super::storing::{Known, StepPrints};
use crate::error::{OpError, StepError};
use crate::event::{EventKind, Metadata};
use crate::graph::NodeId;
use crate::key::{KeyPath, MappingKey};
use crate::op::StepInfo;
use crate::step::{
    Alike, Blocks, Extra, KeptError, Records, StepNames, StepRecord, StepReport, StepStatus, sort,
};
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
    steps: Mutex<Blocks>,
    values: Mutex<Vec<KeptValue>>,
}

/// What a run knew at its end.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) names: StepNames,
    pub(crate) counts: Vec<Counts>,
    /// In graph order, then in the order of emission.
    pub(crate) steps: Records,
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

    pub(super) fn close(&self, names: StepNames) -> Account {
        let count = |counts: &[AtomicUsize; StepStatus::COUNT]| {
            std::array::from_fn(|place| counts[place].load(Ordering::Relaxed))
        };
        Account {
            names,
            counts: self.counts.iter().map(count).collect(),
            steps: std::mem::take(&mut *lock(&self.steps)).into_ordered(),
            values: std::mem::take(&mut *lock(&self.values)),
        }
    }
}

/// What one lane knows of steps, until it tells the ledger.
#[derive(Debug, Default)]
pub(super) struct Tally {
    nodes: Vec<NodeTally>,
    /// Where the next step's node is, most likely.
    next: usize,
    alike: Vec<Alike>,
    values: Vec<KeptValue>,
}

/// What one lane knows of the steps of one node.
#[derive(Debug)]
struct NodeTally {
    node: NodeId,
    counts: Counts,
    /// Those that are kept.
    steps: Vec<StepRecord>,
}

impl NodeTally {
    fn new(node: NodeId) -> Self {
        Self { node, counts: Counts::default(), steps: Vec::new() }
    }
}

/// How one step ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) node: NodeId,
    pub(super) status: StepStatus,
    pub(super) attempts: u32,
    pub(super) error: Option<KeptError>,
    pub(super) began: Option<Instant>,
    pub(super) metadata: Metadata,
    /// What it was given, if a store asks.
    pub(super) prints: Option<Box<StepPrints>>,
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
    pub(super) known: Known,
}

impl How {
    /// A step that took one attempt and no time.
    pub(super) fn at_once(node: NodeId) -> Self {
        Self::first(node, None)
    }

    /// A step that took one attempt, of which nobody asks how long it took.
    pub(super) fn first(node: NodeId, info: Option<&StepInfo>) -> Self {
        let metadata = info.map(StepInfo::take_metadata).unwrap_or_default();
        Self { node, attempts: 1, began: None, metadata, known: Known::default() }
    }
}

impl Ended {
    pub(super) fn success(how: How) -> Self {
        let How { node, attempts, began, metadata, known } = how;
        let (status, attempts) =
            if known.cached { (StepStatus::Cached, 0) } else { (StepStatus::Success, attempts) };
        let prints = known.prints;
        Self { node, status, attempts, error: None, began, metadata, prints }
    }

    pub(super) fn failure(how: How, error: StepError) -> Self {
        let How { node, attempts, began, metadata: _, known } = how;
        let (status, error) = (StepStatus::Failure, Some(KeptError::Own(error)));
        let (metadata, prints) = (Metadata::new(), known.prints);
        Self { node, status, attempts, error, began, metadata, prints }
    }

    /// Whether it is a failure of its own: where it was only not there, the store may have an older result.
    fn is_for_store(&self) -> bool {
        let error = self.error.as_ref().map(KeptError::get);
        self.status == StepStatus::Failure && !matches!(error, Some(StepError::NotStored { .. }))
    }

    /// A step that was to end with its run.
    pub(super) fn canceled(node: NodeId, attempts: u32, error: Option<StepError>) -> Self {
        let error = error.map(KeptError::Own);
        Self { attempts, error, ..Self::unstarted(node, StepStatus::Canceled) }
    }

    /// A step that was never started, because of what it needs.
    pub(super) fn unstarted(node: NodeId, status: StepStatus) -> Self {
        let metadata = Metadata::new();
        Self { node, status, attempts: 0, error: None, began: None, metadata, prints: None }
    }
}

impl Tally {
    /// Of the steps of these nodes, in this order: none of them is looked for.
    pub(super) fn of(nodes: impl Iterator<Item = NodeId>) -> Self {
        // No more than that: there may be a lane for each key.
        let mut tallies = Vec::with_capacity(nodes.size_hint().1.unwrap_or_default());
        tallies.extend(nodes.map(NodeTally::new));
        Self { nodes: tallies, ..Self::default() }
    }

    /// Adds a step, and tells of its end. Its path is only made if the step is kept or told of.
    pub(super) fn add(
        &mut self,
        engine: &Engine,
        mut ended: Ended,
        path: impl FnOnce() -> KeyPath,
    ) {
        let status = ended.status;
        let counted = self.counted(ended.node, status);
        let kept =
            !status.is_good() || !ended.metadata.is_empty() || engine.rules(ended.node).recorded;
        if kept || engine.options.hooks.any(status) {
            let path = path();
            if let Some(storing) = engine.storing.as_ref().filter(|_| ended.is_for_store()) {
                storing.failed(engine, &mut ended, &path);
            }
            let mut step = engine.record_of(ended, path);
            engine.tell_ended(&mut step);
            if kept {
                self.nodes[counted].steps.push(step);
            }
        } else {
            engine.listeners.tell(|| engine.end_event(&mut engine.record_of(ended, path())));
        }
    }

    /// Adds steps that did not succeed, and [that nobody is told of](Engine::tells_of).
    pub(super) fn add_alike(&mut self, steps: Alike) {
        self.count_all(steps.node, steps.status, steps.len());
        self.alike.push(steps);
    }

    /// Adds a step that failed in its only attempt, and [that nobody is told of](Engine::tells_of).
    #[inline]
    pub(super) fn keep_failed(&mut self, node: NodeId, path: KeyPath, error: OpError) {
        let status = StepStatus::Failure;
        let counted = self.counted(node, status);
        let steps = &mut self.nodes[counted].steps;
        steps.push(StepRecord::BLANK);
        if let Some(step) = steps.last_mut() {
            (step.node, step.status, step.attempts) = (node, status, 1);
            step.path = path;
            step.error = Some(KeptError::Own(StepError::Op(error)));
        }
    }

    /// Adds a step of which nobody is told more.
    pub(super) fn count(&mut self, node: NodeId, status: StepStatus) {
        self.counted(node, status);
    }

    /// As [`count`](Self::count), for so many steps of one node.
    pub(super) fn count_all(&mut self, node: NodeId, status: StepStatus, steps: usize) {
        if steps > 0 {
            let counted = self.counted(node, status);
            self.nodes[counted].counts[status.place()] += steps - 1;
        }
    }

    /// Counts a step, and says where its node is.
    #[inline]
    fn counted(&mut self, node: NodeId, status: StepStatus) -> usize {
        // The steps of a chain come again in the same order.
        let next = self.nodes.get(self.next).is_some_and(|counted| counted.node == node);
        if !next {
            let known = self.nodes.iter().position(|counted| counted.node == node);
            self.next = known.unwrap_or_else(|| {
                self.nodes.push(NodeTally::new(node));
                self.nodes.len() - 1
            });
        }
        let counted = self.next;
        self.nodes[counted].counts[status.place()] += 1;
        self.next += 1;
        if self.next == self.nodes.len() {
            self.next = 0;
        }
        counted
    }

    pub(super) fn keep(&mut self, node: NodeId, path: KeyPath, value: Erased) {
        self.values.push(KeptValue { node, path, value });
    }

    /// Tells the ledger, and forgets.
    pub(super) fn flush(&mut self, ledger: &Ledger) {
        for NodeTally { node, counts, steps } in &mut self.nodes {
            for (place, count) in counts.iter_mut().enumerate().filter(|(_, count)| **count > 0) {
                ledger.counts[node.0][place].fetch_add(*count, Ordering::Relaxed);
                *count = 0;
            }
            if !steps.is_empty() {
                sort(steps);
                lock(&ledger.steps).append(steps);
            }
        }
        if !self.alike.is_empty() {
            lock(&ledger.steps).append_alike(&mut self.alike);
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

    /// Whether anybody is told of steps that end so, or something comes of it.
    #[inline]
    pub(super) fn tells_of(&self, status: StepStatus) -> bool {
        let comes_of_it = status == StepStatus::Failure && self.options.fail_fast;
        comes_of_it || self.listeners.any() || self.options.hooks.any(status)
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
        path: impl Fn() -> KeyPath,
    ) {
        if let Some(storing) = &self.storing {
            storing.up_for_retry((node, attempt), &error, delay, path());
        }
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
        match &self.names[node.0] {
            Some((name, op)) => (Arc::clone(name), op),
            None => unreachable!("only ops and zips have steps"),
        }
    }

    /// When a step began, and how long it has taken.
    pub(super) fn times(&self, began: Option<Instant>) -> Option<(SystemTime, Duration)> {
        let began = began?;
        Some((self.began_at + began.duration_since(self.began), began.elapsed()))
    }

    #[inline]
    fn record_of(&self, ended: Ended, path: KeyPath) -> StepRecord {
        let Ended { node, status, attempts, error, began, metadata, prints: _ } = ended;
        let time = self.times(began);
        let plain = time.is_none() && metadata.is_empty();
        let extra = (!plain).then(|| Box::new(Extra { time, metadata }));
        StepRecord { node, path, status, attempts, error, extra }
    }

    /// Tells of a step's end.
    fn tell_ended(&self, step: &mut StepRecord) {
        let status = step.status;
        self.listeners.tell(|| self.end_event(step));
        if self.options.hooks.any(status) {
            let report = StepReport::alone(Arc::clone(&self.names), step.share());
            self.options.hooks.call(&report);
        }
        // Only now, so that what comes of the failure is told after it.
        if status == StepStatus::Failure && self.options.fail_fast {
            self.stop.abort(Why::FailFast);
        }
    }

    /// What is told of a step's end.
    fn end_event(&self, ended: &mut StepRecord) -> EventKind {
        let step = self.step_key(ended.node, ended.path.clone());
        let attempts = ended.attempts;
        match (ended.status, &mut ended.error) {
            (StepStatus::Failure, Some(error)) => {
                EventKind::StepFailure { step, attempts, error: error.share() }
            }
            (StepStatus::Failure, None) => unreachable!("a step fails for a reason"),
            (StepStatus::Success, _) => {
                EventKind::StepSuccess { step, attempts, metadata: ended.metadata() }
            }
            (StepStatus::Skipped, _) => EventKind::StepSkipped { step },
            (StepStatus::UpstreamFailed, _) => EventKind::StepUpstreamFailed { step },
            (StepStatus::Canceled, _) => EventKind::StepCanceled { step, attempts },
            (StepStatus::Cached, _) => EventKind::StepCached { step },
        }
    }
}

/// The wall clock's time.
pub(super) fn wall_clock() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_come_as_foreseen_are_found_where_the_last_one_was() {
        let mut tally = Tally::of((0..3).map(NodeId));
        for _ in 0..2 {
            for node in 0..3 {
                assert_eq!(tally.next, node);
                tally.count(NodeId(node), StepStatus::Success);
            }
        }
        assert!(tally.nodes.iter().all(|node| node.counts[StepStatus::Success.place()] == 2));
    }

    #[test]
    fn steps_that_come_in_any_order_are_counted() {
        let mut tally = Tally::of([NodeId(7), NodeId(3)].into_iter());
        for node in [3, 3, 9, 7, 9] {
            tally.count(NodeId(node), StepStatus::Skipped);
        }
        let ledger = Ledger::new(10);
        tally.flush(&ledger);
        let counts = ledger.close(StepNames::from([])).counts;
        let skipped = [3, 7, 9].map(|node: usize| counts[node][StepStatus::Skipped.place()]);
        assert_eq!(skipped, [2, 1, 2]);
    }
}
