//! What is known of a run after its end.

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

#[cfg(feature = "serde")]
use crate::codec::ValueCodec;
use crate::engine::{Account, KeptValue, Ran, Why};
use crate::error::{Failures, RunError, printed};
use crate::graph::NodeId;
#[cfg(feature = "serde")]
use crate::key::StepName;
use crate::key::{MappingKey, StepKey};
use crate::keyed::Keyed;
use crate::op::{Op, RunId};
use crate::plan::Plan;
use crate::step::{StepReport, StepStatus, Steps};
#[cfg(feature = "serde")]
use crate::store::{Codec, StoredValue};
use crate::store::{Resumed, RunEnded, StoreError, UnstoredOutput};
use crate::value::{Erased, Value};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunStatus {
    /// No step failed, or every failure was tolerated.
    Success,
    /// A step failed, or the run could not start.
    Failure,
    /// Somebody ended it before its end.
    Canceled,
}

/// Everything that is known of a run.
pub struct RunReport<T> {
    id: RunId,
    status: RunStatus,
    output: Option<T>,
    error: Option<RunError>,
    steps: Arc<Steps>,
    /// The same, made when somebody asks.
    reports: OnceLock<Vec<StepReport>>,
    counts: HashMap<Arc<str>, [usize; StepStatus::COUNT]>,
    ops: HashMap<NodeId, (Arc<str>, TypeId)>,
    /// How the values of ops with one output are written.
    #[cfg(feature = "serde")]
    codecs: HashMap<NodeId, ValueCodec>,
    values: Vec<KeptValue>,
    waited_for: Vec<StepKey>,
    took: Duration,
    resumed: Option<Resumed>,
    unstored: Vec<UnstoredOutput>,
    /// Where each step stands; made when one is first asked for by its key.
    places: OnceLock<HashMap<String, usize>>,
}

impl<T> RunReport<T> {
    /// A run that did not come to its first step.
    pub(super) fn unstarted(error: RunError) -> Self {
        let status = match error {
            RunError::Canceled => RunStatus::Canceled,
            _ => RunStatus::Failure,
        };
        Self {
            id: RunId::random(),
            status,
            output: None,
            error: Some(error),
            steps: Arc::default(),
            reports: OnceLock::new(),
            counts: HashMap::new(),
            ops: HashMap::new(),
            #[cfg(feature = "serde")]
            codecs: HashMap::new(),
            values: Vec::new(),
            waited_for: Vec::new(),
            took: Duration::ZERO,
            resumed: None,
            unstored: Vec::new(),
            places: OnceLock::new(),
        }
    }

    pub(super) fn new(plan: &Plan, ran: Ran, read: &dyn Fn(Vec<Erased>) -> T) -> Self {
        let Ran {
            run_id,
            account,
            outputs,
            judgement,
            exceeded,
            unmatched,
            fault,
            stopped,
            waited_for,
            took,
            resumed,
            unstored,
            stored: _,
            not_stored,
        } = ran;
        let Account { names, counts: by_node, steps, mut values } = account;
        values.sort_by(|a, b| a.node.cmp(&b.node).then_with(|| a.path.by_places(&b.path)));
        let mut counts: HashMap<Arc<str>, [usize; StepStatus::COUNT]> = HashMap::new();
        let mut ops = HashMap::new();
        for (place, of_node) in by_node.iter().enumerate() {
            let id = NodeId(place);
            let Some((name, _)) = &names[place] else { continue };
            if let Some(op) = plan.op(id) {
                ops.insert(id, (Arc::clone(name), op.op_type));
            }
            counts.insert(Arc::clone(name), *of_node);
        }
        let fatal = judgement.fatal(plan, steps.iter());
        let steps = Steps::new(names, steps);
        let failed = fatal.map(|fatal| RunError::Failed(Failures::new(&steps, fatal, exceeded)));
        let nothing_matches =
            || (!unmatched.is_empty()).then_some(RunError::NothingMatches(unmatched));
        let error = error(fault, not_stored, stopped, failed).or_else(nothing_matches);
        let mut report = Self {
            id: run_id,
            status: match &error {
                None => RunStatus::Success,
                Some(RunError::Canceled) => RunStatus::Canceled,
                Some(_) => RunStatus::Failure,
            },
            output: None,
            error,
            steps,
            reports: OnceLock::new(),
            counts,
            ops,
            #[cfg(feature = "serde")]
            codecs: codecs(plan),
            values,
            waited_for,
            took,
            resumed,
            unstored,
            places: OnceLock::new(),
        };
        if report.error.is_none() {
            report.read(outputs, read);
        }
        report
    }

    fn read(&mut self, outputs: Option<Vec<Erased>>, read: &dyn Fn(Vec<Erased>) -> T) {
        let Some(outputs) = outputs else { return };
        // An output may be cloned here, and its `Clone` is not ours.
        match catch_unwind(AssertUnwindSafe(|| read(outputs))) {
            Ok(output) => self.output = Some(output),
            Err(_) => {
                self.status = RunStatus::Failure;
                let fault = "the output's `Clone`, or what shows it, panicked".to_owned();
                self.error = Some(RunError::Internal(fault));
            }
        }
    }

    /// The run's end, as its store has it.
    pub(super) fn end(&self) -> RunEnded {
        let error = self.error.as_ref().map(printed);
        RunEnded { status: self.status, error }
    }

    /// Not all of the run could be stored: whatever it gave, it is no success.
    pub(super) fn not_stored(&mut self, error: StoreError) {
        if self.error.is_none() {
            (self.status, self.output) = (RunStatus::Failure, None);
            self.error = Some(error.into());
        }
    }

    /// The run's id. A run that was resumed has the one that it had before.
    pub fn id(&self) -> RunId {
        self.id
    }

    /// How the run ended.
    pub fn status(&self) -> RunStatus {
        self.status
    }

    /// How long the run took.
    pub fn duration(&self) -> Duration {
        self.took
    }

    /// What the job gave: nothing if the run failed, or if what gives it was skipped.
    pub fn output(&self) -> Option<&T> {
        self.output.as_ref()
    }

    /// Why the run failed.
    pub fn error(&self) -> Option<&RunError> {
        self.error.as_ref()
    }

    /// What the job gave, or why it gave nothing.
    pub fn into_result(self) -> Result<T, RunError> {
        match (self.output, self.error) {
            (_, Some(error)) => Err(error),
            (Some(output), None) => Ok(output),
            (None, None) => Err(RunError::Skipped),
        }
    }

    /// The recorded steps, in graph order, then in the order of emission.
    ///
    /// Without `keep_steps`, those that neither succeeded nor are cached, and those with [metadata](StepReport::metadata).
    pub fn steps(&self) -> impl ExactSizeIterator<Item = &StepReport> {
        self.reports().iter()
    }

    fn reports(&self) -> &[StepReport] {
        let all = || self.steps.reports(0..self.steps.records().len());
        self.reports.get_or_init(all)
    }

    /// A recorded step by its key, such as `compute_piece[7]`.
    ///
    /// The first call makes an index of all keys.
    pub fn step(&self, key: &str) -> Option<&StepReport> {
        let places = self.places.get_or_init(|| {
            let steps = self.steps().enumerate();
            steps.map(|(place, step)| (step.key().to_owned(), place)).collect()
        });
        places.get(key).map(|place| &self.reports()[*place])
    }

    /// The steps that failed themselves.
    pub fn failures(&self) -> impl Iterator<Item = &StepReport> {
        self.steps().filter(|step| step.status() == StepStatus::Failure)
    }

    /// The steps that a run which was to end at once had to wait for, because they block their threads.
    pub fn waited_for(&self) -> &[StepKey] {
        &self.waited_for
    }

    /// What a run that [went on](crate::Run::resume) made of the steps that its store had of it. None for a new run.
    pub fn resumed(&self) -> Option<&Resumed> {
        self.resumed.as_ref()
    }

    /// The outputs whose values the run's store could not take, in graph order. The steps that gave them, and those that need
    /// them, are run again when the run is resumed.
    pub fn unstored_outputs(&self) -> &[UnstoredOutput] {
        &self.unstored
    }

    /// How many steps of a node ended in a status.
    pub fn count(&self, node: &str, status: StepStatus) -> usize {
        self.counts.get(node).map_or(0, |counts| counts[status.place()])
    }

    /// Every value that an op returned in this run, in graph order, then in the order of emission.
    ///
    /// Known in a run with `keep_values`.
    /// The key of a step that is not mapped is its node's name.
    /// For an op whose output is dynamic, these are the values that it emitted.
    pub fn values<O: Op>(&self) -> Keyed<O::Output>
    where
        O::Output: Value,
    {
        let of_op = self.values.iter().filter_map(|kept| {
            let (name, op) = self.ops.get(&kept.node)?;
            (*op == TypeId::of::<O>()).then(|| {
                let key = kept.path.to_key().unwrap_or_else(|| MappingKey::from(&**name));
                (key, kept.value.peek::<O::Output>().clone())
            })
        });
        of_op.collect()
    }
}

/// Why a run gave nothing, the gravest reason.
fn error(
    fault: Option<String>,
    not_stored: Option<StoreError>,
    stopped: Option<Why>,
    failed: Option<RunError>,
) -> Option<RunError> {
    match (fault, stopped) {
        (Some(fault), _) => Some(RunError::Internal(fault)),
        (None, Some(_)) if not_stored.is_some() => not_stored.map(Into::into),
        (None, Some(Why::Canceled)) => Some(RunError::Canceled),
        (None, Some(Why::TimedOut(after))) => Some(RunError::TimedOut { after }),
        (None, stopped) => failed.or(stopped.map(|_| RunError::Canceled)),
    }
}

#[cfg(feature = "serde")]
impl<T> RunReport<T> {
    /// The value that a step returned, as a store has it; if its type implements serde's traits.
    ///
    /// Known in a run with [`keep_values`](crate::Run::keep_values), and after a [`spin`](crate::Run::spin), of ops with one
    /// output. What a step emitted is asked for with the emitted key: `load[us]` for a key of `load`.
    /// [`Codec::Json`](crate::store::Codec::Json) needs the feature `json`.
    pub fn stored_value(&self, step: &str, codec: Codec) -> Option<StoredValue> {
        let format = codec.format()?;
        let is_named = |kept: &&KeptValue| {
            let name = self.ops.get(&kept.node).map(|(name, _)| name);
            name.is_some_and(|name| {
                step.starts_with(&**name) && StepName(name, &kept.path).to_string() == step
            })
        };
        let kept = self.values.iter().find(is_named)?;
        let writer = self.codecs.get(&kept.node)?;
        let mut bytes = Vec::new();
        writer.encode(&kept.value, format, &mut bytes).ok()?;
        Some(StoredValue::new(codec, writer.type_name(), bytes))
    }
}

#[cfg(feature = "serde")]
fn codecs(plan: &Plan) -> HashMap<NodeId, ValueCodec> {
    let ids = (0..plan.nodes.len()).map(NodeId);
    let of_op = |id| match plan.op(id)?.spec.outputs.as_slice() {
        [only] => Some((id, only.codec?)),
        _ => None,
    };
    ids.filter_map(of_op).collect()
}

impl<T: fmt::Debug> fmt::Debug for RunReport<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunReport")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("output", &self.output)
            .field("error", &self.error)
            .field("steps", &self.reports())
            .finish_non_exhaustive()
    }
}
