//! The steps that a run fails because of, and how they are printed.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::Range;
use std::panic::Location;
use std::sync::{Arc, OnceLock};

use super::StepError;
use super::printed::{printed, says};
use crate::graph::NodeId;
use crate::partial::{Exceeded, Tolerance};
use crate::step::{Alike, Block, KeptError, StepRecord, StepReport, StepStatus, Steps};

/// The steps that failed, grouped by cause when printed.
#[derive(Clone)]
pub struct Failures(Arc<Failed>);

struct Failed {
    /// All that the run keeps.
    steps: Arc<Steps>,
    fatal: Fatal,
    /// Those that failed, made when somebody asks.
    reports: OnceLock<Vec<StepReport>>,
    exceeded: Vec<ExceededAt>,
}

/// The steps that a run fails because of.
#[derive(Debug)]
pub(crate) enum Fatal {
    /// All that failed.
    All,
    /// Those at these places, in order.
    These(Vec<usize>),
}

/// The failed steps of one node that have one cause.
struct Group<'a> {
    node: NodeId,
    cause: String,
    /// The first of them.
    named: Vec<&'a StepRecord>,
    /// Which of the failed steps they are.
    steps: Vec<Range<usize>>,
}

/// Steps that are looked at together.
#[derive(Clone, Copy)]
enum Run<'a> {
    One(&'a StepRecord),
    Alike(&'a Alike),
}

impl<'a> Run<'a> {
    fn node(self) -> NodeId {
        match self {
            Self::One(step) => step.node,
            Self::Alike(alike) => alike.node,
        }
    }

    fn status(self) -> StepStatus {
        match self {
            Self::One(step) => step.status,
            Self::Alike(alike) => alike.status,
        }
    }

    fn error(self) -> Option<&'a StepError> {
        match self {
            Self::One(step) => step.error.as_ref().map(KeptError::get),
            Self::Alike(alike) => alike.error.as_deref(),
        }
    }

    fn len(self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Alike(alike) => alike.len(),
        }
    }

    fn records(self) -> &'a [StepRecord] {
        match self {
            Self::One(step) => std::slice::from_ref(step),
            Self::Alike(alike) => alike.records(),
        }
    }
}

impl<'a> Group<'a> {
    fn new(node: NodeId, cause: String) -> Self {
        Self { node, cause, named: Vec::new(), steps: Vec::new() }
    }

    /// Whether a step is of the same node, and says the same.
    fn is_of(&self, node: NodeId, error: Option<&StepError>) -> bool {
        self.node == node && error.map_or(self.cause.is_empty(), |error| says(error, &self.cause))
    }

    fn add(&mut self, at: usize, run: Run<'a>) {
        let unnamed = NAMED_STEPS - self.named.len();
        if unnamed > 0 {
            self.named.extend(run.records().iter().take(unnamed));
        }
        let end = at + run.len();
        match self.steps.last_mut() {
            Some(before) if before.end == at => before.end = end,
            _ => self.steps.push(at..end),
        }
    }

    fn len(&self) -> usize {
        self.steps.iter().map(Range::len).sum()
    }
}

/// Where a `collect_partial` gave up, in one copy or in several.
struct ExceededAt {
    at: &'static Location<'static>,
    tolerance: Tolerance,
    copies: usize,
    /// The most keys that failed in one, and how many it had.
    worst: (usize, usize),
}

/// How many groups, and how many steps of a group, are named when failures are printed.
const NAMED_GROUPS: usize = 10;
const NAMED_STEPS: usize = 3;

impl Failures {
    /// Of what was exceeded, that which one of these steps had a part in.
    pub(crate) fn new(steps: &Arc<Steps>, fatal: Fatal, exceeded: Vec<Exceeded>) -> Self {
        let (steps, reports) = (Arc::clone(steps), OnceLock::new());
        let mut failed = Failed { steps, fatal, reports, exceeded: Vec::new() };
        failed.exceeded = failed.had_a_part_in(exceeded);
        Self(Arc::new(failed))
    }

    /// The failed steps that the run fails because of, in graph order, then in the order of emission.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = &StepReport> {
        self.reports().iter()
    }

    fn reports(&self) -> &[StepReport] {
        let Failed { steps, reports, .. } = &*self.0;
        reports.get_or_init(|| steps.reports(self.0.failed().map(|(place, _)| place)))
    }

    /// The failed steps by op and cause, in the order of their first step.
    pub fn groups(&self) -> Vec<(String, Vec<&StepReport>)> {
        let reports = self.reports();
        let named = |Group { cause, steps, .. }: Group<'_>| {
            (cause, steps.into_iter().flatten().map(|step| &reports[step]).collect())
        };
        self.0.grouped().into_iter().map(named).collect()
    }
}

impl Failed {
    /// The steps that failed, and where they stand among all.
    fn failed(&self) -> Box<dyn Iterator<Item = (usize, &StepRecord)> + '_> {
        let records = self.steps.records();
        match &self.fatal {
            Fatal::All => {
                let all = records.iter().enumerate();
                Box::new(all.filter(|(_, step)| step.status == StepStatus::Failure))
            }
            Fatal::These(places) => {
                Box::new(places.iter().map(|place| (*place, records.at(*place))))
            }
        }
    }

    /// Of what was exceeded, that which one of the steps that failed had a part in.
    fn had_a_part_in(&self, exceeded: Vec<Exceeded>) -> Vec<ExceededAt> {
        if exceeded.is_empty() {
            return Vec::new();
        }
        let failed = self.failed().map(|(_, step)| (self.steps.name(step.node).0, &step.path));
        let failed: HashSet<_> = failed.collect();
        let mut known: Vec<ExceededAt> = Vec::new();
        for Exceeded { at, tolerance, steps, total } in exceeded {
            if !steps.iter().any(|step| failed.contains(&(step.node(), step.path()))) {
                continue;
            }
            let worst = (steps.len(), total);
            match known.iter_mut().find(|known| (known.at, known.tolerance) == (at, tolerance)) {
                Some(known) => {
                    known.copies += 1;
                    known.worst = known.worst.max(worst);
                }
                None => known.push(ExceededAt { at, tolerance, copies: 1, worst }),
            }
        }
        known.sort_by_key(|known| known.at);
        known
    }

    /// The same, those together that are alike.
    fn runs(&self) -> Box<dyn Iterator<Item = Run<'_>> + '_> {
        let Fatal::All = &self.fatal else {
            return Box::new(self.failed().map(|(_, step)| Run::One(step)));
        };
        let runs = self.steps.records().blocks().flat_map(|block| {
            let (each, alike) = match block {
                Block::Each(steps) => (steps.as_slice(), None),
                Block::Alike(alike) => ([].as_slice(), Some(Run::Alike(alike))),
            };
            each.iter().map(Run::One).chain(alike)
        });
        Box::new(runs.filter(|run| run.status() == StepStatus::Failure))
    }

    /// The steps by op and cause. Most have that of the step before.
    fn grouped(&self) -> Vec<Group<'_>> {
        let mut groups: Vec<Group<'_>> = Vec::new();
        let mut known: HashMap<(&str, String), usize> = HashMap::new();
        let (mut last, mut at) = (0, 0);
        for run in self.runs() {
            let (node, error) = (run.node(), run.error());
            if groups.get(last).is_none_or(|group| !group.is_of(node, error)) {
                let cause = (self.steps.name(node).0, error.map(printed).unwrap_or_default());
                last = known.get(&cause).copied().unwrap_or(groups.len());
                if last == groups.len() {
                    groups.push(Group::new(node, cause.1.clone()));
                    known.insert(cause, last);
                }
            }
            groups[last].add(at, run);
            at += run.len();
        }
        groups
    }

    fn fmt_group(&self, group: &Group<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Group { cause, named, .. } = group;
        let [first, ..] = named.as_slice() else { return Ok(()) };
        let first = self.named(first);
        let count = group.len();
        if count == 1 {
            return write!(f, "{first}{}: {cause}", first.attempts());
        }
        let keys: Vec<_> = named.iter().map(|step| self.named(step).key()).collect();
        let more = if count > keys.len() { ", …" } else { "" };
        write!(f, "{count} of {}: {cause} ({}{more})", first.node(), keys.join(", "))
    }

    /// One line for each `collect_partial` that gave up.
    fn fmt_exceeded(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.exceeded.iter().try_for_each(|exceeded| write!(f, "\n  {exceeded}"))
    }

    fn named<'a>(&'a self, step: &'a StepRecord) -> Named<'a> {
        Named { steps: &self.steps, step }
    }
}

/// One line for each op and cause: `3 of fetch failed: timed out (fetch[a], fetch[b], …)`. Then one for each
/// `collect_partial` of which more keys failed than it tolerates.
impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = &*self.0;
        let groups = failed.grouped();
        let count = groups.iter().map(Group::len).sum::<usize>();
        if let ([Group { cause, named, .. }], 1) = (groups.as_slice(), count) {
            let step = failed.named(named[0]);
            write!(f, "{step} failed{}: {cause}", step.attempts())?;
            return failed.fmt_exceeded(f);
        }
        write!(f, "{count} step{} failed", if count == 1 { "" } else { "s" })?;
        for group in groups.iter().take(NAMED_GROUPS) {
            write!(f, "\n  ")?;
            failed.fmt_group(group, f)?;
        }
        if groups.len() > NAMED_GROUPS {
            write!(f, "\n  and {} more causes", groups.len() - NAMED_GROUPS)?;
        }
        failed.fmt_exceeded(f)
    }
}

impl fmt::Display for ExceededAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, tolerance, copies, worst: (failed, total) } = self;
        write!(f, "`collect_partial` at {at}: ")?;
        if *copies > 1 {
            write!(f, "in {copies} copies, up to ")?;
        }
        let keys = if *total == 1 { "key" } else { "keys" };
        write!(f, "{failed} of {total} {keys} failed, and {}", tolerance.in_words())
    }
}

impl fmt::Debug for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A step as errors name it, with its op where the node has another name.
struct Named<'a> {
    steps: &'a Steps,
    step: &'a StepRecord,
}

impl Named<'_> {
    fn key(&self) -> String {
        self.steps.key(self.step)
    }

    fn node(&self) -> String {
        let (node, op) = self.steps.name(self.step.node);
        if node == op { format!("`{op}`") } else { format!("`{node}` (op `{op}`)") }
    }

    /// How many attempts it took, if there were several.
    fn attempts(&self) -> String {
        match self.step.attempts {
            0 | 1 => String::new(),
            attempts => format!(" after {attempts} attempts"),
        }
    }
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (node, op) = self.steps.name(self.step.node);
        write!(f, "step `{}`", self.key())?;
        if node == op { Ok(()) } else { write!(f, " (op `{op}`)") }
    }
}
