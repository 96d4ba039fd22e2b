//! Why a value is missing: the steps that failed, and the copies that their failure came through.
//!
//! A cause travels with the value that it explains. It is made where a step fails, noted where it leaves a copy or enters
//! copies further in, and merged where several values are missing. What a `collect_partial` accepts is tolerated. Only the
//! jobs that have one make causes; to all others every cause is unknown, and costs nothing.

use std::fmt;
use std::sync::{Arc, Mutex};

use super::Engine;
use super::frame::Frame;
use super::ledger::Ended;
use crate::error::StepError;
use crate::graph::{NodeId, ScopeId};
use crate::key::{KeyPath, StepKey};
use crate::plan::NodePlan;
use crate::sync::lock;

/// Why a value is missing, if anybody asks.
#[derive(Clone, Default)]
pub(crate) struct Cause(Option<Arc<Link>>);

/// What became of a failure on its way.
struct Link {
    /// What stands for all.
    first: First,
    passed: Passed,
    /// Where it was before.
    from: Vec<Arc<Self>>,
}

/// Why a value is missing at first.
#[derive(Debug, Clone)]
enum First {
    Failed(Arc<FailedStep>),
    NotRun(NotRun),
}

/// A step that nobody selected, and that no store has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NotRun {
    /// Whether the run fails because of it.
    pub(super) reported: bool,
    pub(super) node: NodeId,
}

/// A step that failed for good.
#[derive(Debug)]
pub(crate) struct FailedStep {
    pub(crate) node: NodeId,
    pub(crate) key: StepKey,
    pub(crate) attempts: u32,
    pub(crate) error: Arc<StepError>,
}

/// One copy of a scope.
#[derive(Debug, Clone)]
pub(crate) struct CopyOf {
    pub(crate) scope: ScopeId,
    pub(crate) path: KeyPath,
}

/// What a failure has passed.
#[derive(Debug)]
pub(crate) enum Passed {
    /// It is new, or several have met.
    Nothing,
    /// The copy is given up: its own value is missing.
    OutOf(CopyOf),
    /// A value of this copy, or of the job itself, is missing in copies nested in it.
    InFrom { copy: CopyOf, cell: usize },
}

impl Cause {
    /// Of jobs that tolerate nothing, and of what breaks the engine's own rules.
    pub(super) const UNKNOWN: Self = Self(None);

    pub(super) fn failed(step: FailedStep) -> Self {
        Self::new(First::Failed(Arc::new(step)))
    }

    pub(super) fn not_run(step: NotRun) -> Self {
        Self::new(First::NotRun(step))
    }

    fn new(first: First) -> Self {
        Self(Some(Arc::new(Link { first, passed: Passed::Nothing, from: Vec::new() })))
    }

    /// Why something is missing that needs several values; the first failure stands for all.
    pub(super) fn merged(causes: impl IntoIterator<Item = Self>) -> Self {
        let mut from: Vec<_> = causes.into_iter().filter_map(|cause| cause.0).collect();
        from.dedup_by(|a, b| Arc::ptr_eq(a, b));
        match from.len() {
            0 | 1 => Self(from.pop()),
            _ => {
                // What was only left out stands for the others if there is nothing else.
                let weight = |link: &&Arc<Link>| match &link.first {
                    First::Failed(_) => 0,
                    First::NotRun(step) => 2 - u8::from(step.reported),
                };
                let first = from.iter().min_by_key(weight).unwrap_or(&from[0]).first.clone();
                Self(Some(Arc::new(Link { first, passed: Passed::Nothing, from })))
            }
        }
    }

    /// Outside of a copy.
    #[inline]
    pub(super) fn leaving(self, copy: impl FnOnce() -> CopyOf) -> Self {
        self.passing(|| Passed::OutOf(copy()))
    }

    /// Inside of copies that read a cell of the instance around them.
    pub(super) fn entering(self, from: &Frame, cell: usize) -> Self {
        self.passing(|| Passed::InFrom { copy: from.copy(), cell })
    }

    #[inline]
    fn passing(self, passed: impl FnOnce() -> Passed) -> Self {
        Self(self.0.map(|link| link.passing(passed())))
    }

    /// Why a node has not all that it needs: what of it failed.
    pub(super) fn of_inputs(node: &NodePlan, frame: &Frame) -> Self {
        Self::merged(node.places().map(|place| {
            let home = frame.up(place.up);
            let cause = home.cell(place.cell).cause();
            if place.up == 0 { cause } else { cause.entering(home, place.cell) }
        }))
    }

    pub(super) fn is_known(&self) -> bool {
        self.0.is_some()
    }

    /// The failure that stands for all, if the cause is known.
    pub(super) fn first(&self) -> Option<&Arc<FailedStep>> {
        match &self.0.as_ref()?.first {
            First::Failed(step) => Some(step),
            First::NotRun(_) => None,
        }
    }

    /// The step that was left out, if nothing failed.
    pub(super) fn left_out(&self) -> Option<NotRun> {
        match &self.0.as_ref()?.first {
            First::Failed(_) => None,
            First::NotRun(step) => Some(*step),
        }
    }

    /// Goes through every failure, and everything that one has passed.
    pub(super) fn each(causes: &[Self], mut visit: impl FnMut(Option<&FailedStep>, &Passed)) {
        let mut seen = std::collections::HashSet::new();
        let mut open: Vec<_> = causes.iter().filter_map(|cause| cause.0.as_deref()).collect();
        while let Some(link) = open.pop() {
            if seen.insert(std::ptr::from_ref(link)) {
                let failed = match &link.first {
                    First::Failed(step) if link.from.is_empty() => Some(&**step),
                    _ => None,
                };
                visit(failed, &link.passed);
                open.extend(link.from.iter().map(|link| &**link));
            }
        }
    }
}

impl Link {
    /// The failure after it has passed something. What was left out is the same everywhere.
    #[cold]
    fn passing(self: Arc<Self>, passed: Passed) -> Arc<Self> {
        match &self.first {
            First::NotRun(_) => self,
            First::Failed(_) => {
                Arc::new(Self { first: self.first.clone(), passed, from: vec![self] })
            }
        }
    }
}

impl Drop for Link {
    /// Not one inside the other: a failure may have passed any number of steps of a fold.
    fn drop(&mut self) {
        let mut open = std::mem::take(&mut self.from);
        while let Some(link) = open.pop() {
            if let Some(mut link) = Arc::into_inner(link) {
                open.append(&mut link.from);
            }
        }
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cause").field(&self.first()).finish()
    }
}

/// The causes that a run's `collect_partial`s have accepted.
#[derive(Debug)]
pub(super) struct Accepted {
    /// Whether causes are made at all.
    traced: bool,
    causes: Mutex<Vec<Cause>>,
}

impl Accepted {
    pub(super) fn new(traced: bool) -> Self {
        Self { traced, causes: Mutex::default() }
    }

    /// Whether causes are made.
    pub(super) fn are_traced(&self) -> bool {
        self.traced
    }

    pub(super) fn add(&self, causes: impl IntoIterator<Item = Cause>) {
        lock(&self.causes).extend(causes);
    }

    pub(super) fn take(&self) -> Vec<Cause> {
        std::mem::take(&mut lock(&self.causes))
    }
}

impl Engine {
    /// The cause that a step which failed is, if causes are made.
    pub(super) fn cause_of(&self, ended: &mut Ended, path: impl FnOnce() -> KeyPath) -> Cause {
        let Some(error) = ended.error.as_mut().filter(|_| self.accepted.traced) else {
            return Cause::UNKNOWN;
        };
        Cause::failed(FailedStep {
            node: ended.node,
            key: self.step_key(ended.node, path()),
            attempts: ended.attempts,
            error: error.share(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(node: usize) -> Cause {
        Cause::failed(FailedStep {
            node: NodeId(node),
            key: StepKey::new("op".into(), KeyPath::root()),
            attempts: 1,
            error: Arc::new(StepError::Panicked("on purpose".to_owned())),
        })
    }

    fn failures(cause: &Cause) -> Vec<usize> {
        let mut nodes = Vec::new();
        Cause::each(std::slice::from_ref(cause), |step, _| nodes.extend(step.map(|s| s.node.0)));
        nodes.sort_unstable();
        nodes
    }

    #[test]
    fn the_first_of_several_causes_stands_for_all() {
        let cause = Cause::merged([Cause::UNKNOWN, failed(2), failed(1)]);
        assert_eq!(cause.first().map(|step| step.node), Some(NodeId(2)));
        assert_eq!(failures(&cause), [1, 2]);
    }

    #[test]
    fn a_cause_that_meets_itself_is_one() {
        let one = failed(1);
        let mut cause = one.clone();
        for _ in 0..10_000 {
            cause = Cause::merged([cause.clone(), cause]);
        }
        assert!(cause.0.is_some_and(|link| link.from.is_empty()));
    }

    #[test]
    fn a_long_way_needs_no_deep_stack() {
        let copy = || CopyOf { scope: ScopeId(1), path: KeyPath::root() };
        let mut cause = failed(0);
        for node in 1..200_000 {
            cause = Cause::merged([cause.leaving(copy), failed(node)]);
        }
        assert_eq!(failures(&cause).len(), 200_000);
        drop(cause);
    }
}
