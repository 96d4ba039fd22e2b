//! Why a step failed, and why a run ended without its output.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use super::{BuildError, ConfigError, OpError};
use crate::op::EmitError;
use crate::partial::{Exceeded, Tolerance};
use crate::step::StepReport;

/// Why a step failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum StepError {
    /// The op returned an error.
    Op(OpError),
    /// The op panicked, with this message.
    Panicked(String),
    /// The op broke a rule for mapping keys.
    Emit(EmitError),
    /// The attempt took longer than its `timeout`, or was silent for longer than its `idle_timeout`.
    #[non_exhaustive]
    TimedOut {
        /// The time that it had.
        after: Duration,
        /// Whether it was silent for too long, rather than taking too long.
        idle: bool,
        /// Whether the op blocks its thread, and so runs on: it keeps its slots until it returns.
        still_running: bool,
    },
    /// A zip found a key on one side only.
    #[non_exhaustive]
    Unmatched {
        /// The key.
        key: String,
        /// Whether the left side has it; otherwise the right side does.
        left: bool,
    },
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Op(error) => fmt::Display::fmt(error, f),
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::Emit(error) => fmt::Display::fmt(error, f),
            Self::TimedOut { after, idle, still_running } => {
                let what = if *idle { "gave no sign of life for" } else { "timed out after" };
                write!(f, "{what} {after:?}")?;
                if *still_running { f.write_str(", and still blocks its thread") } else { Ok(()) }
            }
            Self::Unmatched { key, left } => {
                let side = if *left { "left" } else { "right" };
                write!(f, "the key {key:?} is on the {side} side of the zip only")
            }
        }
    }
}

impl std::error::Error for StepError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Op(error) => error.as_error().source(),
            Self::Emit(error) => Some(error),
            Self::Panicked(_) | Self::TimedOut { .. } | Self::Unmatched { .. } => None,
        }
    }
}

/// Why a run ended without its output.
///
/// Its `Debug` is its message, so that `fn main() -> Result<(), RunError>` prints something to read.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The job is not valid.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Ops ask for resources that the run was not given. No step was run.
    #[error("{}", listed(.0))]
    MissingResources(Vec<MissingResource>),
    /// The run is set up in a way that cannot work. No step was run.
    #[error("{}", listed(.0))]
    Config(Vec<ConfigError>),
    /// Steps failed, and no `collect_partial` tolerates that.
    #[error("{0}")]
    Failed(Failures),
    /// The run took longer than its `timeout`, and what ran was aborted.
    #[error("the run timed out after {after:?}")]
    #[non_exhaustive]
    TimedOut {
        /// The time that it had.
        after: Duration,
    },
    /// The run was canceled.
    #[error("the run was canceled")]
    Canceled,
    /// The run succeeded, and a step that its output needs was skipped.
    #[error("the run has no output: what gives it was skipped")]
    Skipped,
    /// The run was started outside a tokio runtime.
    #[error("a run needs a tokio runtime: start it inside `#[tokio::main]` or `#[tokio::test]`")]
    NoRuntime,
    /// The engine broke one of its own rules.
    #[error("a fault of dynagraph itself: {0}")]
    Internal(String),
}

impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A resource that ops ask for and a run was not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingResource {
    pub(crate) resource: &'static str,
    pub(crate) ops: Vec<&'static str>,
}

impl MissingResource {
    /// The name of the resource's type.
    pub fn resource(&self) -> &'static str {
        self.resource
    }

    /// The names of the ops that ask for it.
    pub fn ops(&self) -> &[&'static str] {
        &self.ops
    }
}

impl fmt::Display for MissingResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ops = self.ops.join("`, `");
        let resource = self.resource;
        write!(f, "`{ops}` asks for a `Resource<{resource}>`: give it with `run().resource(..)`")
    }
}

/// A single mistake in one line; several in one line each, under their number.
fn listed<T: fmt::Display>(mistakes: &[T]) -> String {
    if let [mistake] = mistakes {
        return mistake.to_string();
    }
    let mut text = format!("{} mistakes in how the run is set up:", mistakes.len());
    for mistake in mistakes {
        text.push_str("\n  ");
        text.push_str(&mistake.to_string());
    }
    text
}

/// The steps that failed, grouped by cause when printed.
#[derive(Clone)]
pub struct Failures {
    steps: Arc<Vec<StepReport>>,
    exceeded: Arc<Vec<ExceededAt>>,
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
    pub(crate) fn new(steps: Vec<StepReport>, exceeded: Vec<Exceeded>) -> Self {
        let known: HashSet<&str> = steps.iter().map(StepReport::key).collect();
        let mut places: Vec<ExceededAt> = Vec::new();
        for Exceeded { at, tolerance, steps, total } in exceeded {
            if !steps.iter().any(|step| known.contains(&*step.to_string())) {
                continue;
            }
            let worst = (steps.len(), total);
            match places.iter_mut().find(|place| (place.at, place.tolerance) == (at, tolerance)) {
                Some(place) => {
                    place.copies += 1;
                    place.worst = place.worst.max(worst);
                }
                None => places.push(ExceededAt { at, tolerance, copies: 1, worst }),
            }
        }
        places.sort_by_key(|place| place.at);
        Self { steps: Arc::new(steps), exceeded: Arc::new(places) }
    }

    /// The failed steps that the run fails because of, in graph order, then in the order of emission.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = &StepReport> {
        self.steps.iter()
    }

    /// The failed steps by op and cause, in the order of their first step.
    pub fn groups(&self) -> Vec<(String, Vec<&StepReport>)> {
        let mut groups: Vec<(String, Vec<&StepReport>)> = Vec::new();
        let mut places: HashMap<(&str, String), usize> = HashMap::new();
        for step in self.steps.iter() {
            let cause = step.error().map(ToString::to_string).unwrap_or_default();
            let place = *places.entry((step.node(), cause)).or_insert_with_key(|(_, cause)| {
                groups.push((cause.clone(), Vec::new()));
                groups.len() - 1
            });
            groups[place].1.push(step);
        }
        groups
    }

    /// One line for each `collect_partial` that gave up.
    fn fmt_exceeded(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.exceeded.iter().try_for_each(|exceeded| write!(f, "\n  {exceeded}"))
    }
}

/// One line for each op and cause: `3 of fetch failed: timed out (fetch[a], fetch[b], …)`. Then one for each
/// `collect_partial` of which more keys failed than it tolerates.
impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = self.groups();
        if let [(cause, steps)] = groups.as_slice()
            && let [step] = steps.as_slice()
        {
            write!(f, "{} failed{}: {cause}", Named(step), Attempts(step))?;
            return self.fmt_exceeded(f);
        }
        let count = self.steps.len();
        write!(f, "{count} step{} failed", if count == 1 { "" } else { "s" })?;
        for (cause, steps) in groups.iter().take(NAMED_GROUPS) {
            write!(f, "\n  ")?;
            match steps.as_slice() {
                [step] => write!(f, "{}{}: {cause}", Named(step), Attempts(step))?,
                [first, ..] => {
                    let named: Vec<_> = steps.iter().take(NAMED_STEPS).map(|s| s.key()).collect();
                    let more = if steps.len() > named.len() { ", …" } else { "" };
                    let (named, count) = (named.join(", "), steps.len());
                    write!(f, "{count} of {}: {cause} ({named}{more})", Named::node(first))?;
                }
                [] => {}
            }
        }
        if groups.len() > NAMED_GROUPS {
            write!(f, "\n  and {} more causes", groups.len() - NAMED_GROUPS)?;
        }
        self.fmt_exceeded(f)
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
struct Named<'a>(&'a StepReport);

impl Named<'_> {
    fn node(step: &StepReport) -> String {
        if step.node() == step.op() {
            format!("`{}`", step.op())
        } else {
            format!("`{}` (op `{}`)", step.node(), step.op())
        }
    }
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step `{}`", self.0.key())?;
        if self.0.node() == self.0.op() {
            return Ok(());
        }
        write!(f, " (op `{}`)", self.0.op())
    }
}

struct Attempts<'a>(&'a StepReport);

impl fmt::Display for Attempts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.attempts() {
            0 | 1 => Ok(()),
            attempts => write!(f, " after {attempts} attempts"),
        }
    }
}
