//! The steps that a run fails because of, and how they are printed.

use std::collections::{HashMap, HashSet};
use std::fmt::{self, Write as _};
use std::panic::Location;
use std::sync::{Arc, OnceLock};

use crate::partial::{Exceeded, Tolerance};
use crate::step::{StepRecord, StepReport, Steps};

/// The steps that failed, grouped by cause when printed.
#[derive(Clone)]
pub struct Failures(Arc<Failed>);

struct Failed {
    /// All that the run keeps.
    steps: Arc<Steps>,
    /// Where those that failed stand among them.
    places: Vec<usize>,
    /// Those that failed, made when somebody asks.
    reports: OnceLock<Vec<StepReport>>,
    exceeded: Vec<ExceededAt>,
}

/// The failed steps of one node that have one cause.
struct Group {
    cause: String,
    /// Which of the failed steps they are.
    steps: Vec<usize>,
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
    pub(crate) fn new(steps: &Arc<Steps>, places: Vec<usize>, exceeded: Vec<Exceeded>) -> Self {
        let (steps, reports) = (Arc::clone(steps), OnceLock::new());
        let exceeded = exceeded_of(&steps, &places, exceeded);
        Self(Arc::new(Failed { steps, places, reports, exceeded }))
    }

    /// The failed steps that the run fails because of, in graph order, then in the order of emission.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = &StepReport> {
        self.reports().iter()
    }

    fn reports(&self) -> &[StepReport] {
        let Failed { steps, places, reports, .. } = &*self.0;
        reports.get_or_init(|| steps.reports(places.iter().copied()))
    }

    /// The failed steps by op and cause, in the order of their first step.
    pub fn groups(&self) -> Vec<(String, Vec<&StepReport>)> {
        let reports = self.reports();
        let named = |Group { cause, steps }| {
            (cause, steps.into_iter().map(|step: usize| &reports[step]).collect())
        };
        self.0.grouped().into_iter().map(named).collect()
    }
}

/// Of what was exceeded, that which one of the steps at these places had a part in.
fn exceeded_of(steps: &Steps, places: &[usize], exceeded: Vec<Exceeded>) -> Vec<ExceededAt> {
    if exceeded.is_empty() {
        return Vec::new();
    }
    let failed = places.iter().map(|place| &steps.records()[*place]);
    let failed: HashSet<_> = failed.map(|step| (steps.name(step.node).0, &step.path)).collect();
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

impl Failed {
    /// A step that failed.
    fn step(&self, step: usize) -> &StepRecord {
        &self.steps.records()[self.places[step]]
    }

    /// The steps by op and cause. Most have that of the step before.
    fn grouped(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        let (mut group, mut last, mut named) = (0, String::new(), String::new());
        for at in 0..self.places.len() {
            let step = self.step(at);
            let node = self.steps.name(step.node).0;
            std::mem::swap(&mut last, &mut named);
            named.clear();
            named.push_str(node);
            named.push('\n');
            if let Some(error) = &step.error {
                // Writing to text in memory fails only if the error's own `Display` does.
                let _written = write!(named, "{}", error.get());
            }
            if named != last {
                group = known.get(&named).copied().unwrap_or(groups.len());
            }
            if group == groups.len() {
                known.insert(named.clone(), group);
                let cause = named[node.len() + 1..].to_owned();
                groups.push(Group { cause, steps: Vec::new() });
            }
            groups[group].steps.push(at);
        }
        groups
    }

    /// One line for each `collect_partial` that gave up.
    fn fmt_exceeded(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.exceeded.iter().try_for_each(|exceeded| write!(f, "\n  {exceeded}"))
    }

    fn named(&self, step: usize) -> Named<'_> {
        Named { steps: &self.steps, step: self.step(step) }
    }
}

/// One line for each op and cause: `3 of fetch failed: timed out (fetch[a], fetch[b], …)`. Then one for each
/// `collect_partial` of which more keys failed than it tolerates.
impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = &*self.0;
        let groups = failed.grouped();
        if let [Group { cause, steps }] = groups.as_slice()
            && let [step] = steps.as_slice()
        {
            let step = failed.named(*step);
            write!(f, "{step} failed{}: {cause}", step.attempts())?;
            return failed.fmt_exceeded(f);
        }
        let count = failed.places.len();
        write!(f, "{count} step{} failed", if count == 1 { "" } else { "s" })?;
        for Group { cause, steps } in groups.iter().take(NAMED_GROUPS) {
            write!(f, "\n  ")?;
            match steps.as_slice() {
                [step] => {
                    let step = failed.named(*step);
                    write!(f, "{step}{}: {cause}", step.attempts())?;
                }
                [first, ..] => {
                    let named =
                        steps.iter().take(NAMED_STEPS).map(|step| failed.named(*step).key());
                    let named: Vec<_> = named.collect();
                    let more = if steps.len() > named.len() { ", …" } else { "" };
                    let (named, count) = (named.join(", "), steps.len());
                    let node = failed.named(*first).node();
                    write!(f, "{count} of {node}: {cause} ({named}{more})")?;
                }
                [] => {}
            }
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
