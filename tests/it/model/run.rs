//! Runs a case, and compares.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use dynagraph::{Job, JobOutput, RunStatus, StepStatus};
use tokio::runtime::Builder;

use super::compose::{Live, compose};
use super::grow::grow;
use super::outcome::{Outcome, Path, Status, step_key};
use super::record::Recorder;
use super::reference::{self, Expected};
use super::shape::{Handle, Shape};
use super::strategy::{Case, Runtime, Setting};
use super::work::{Operand, V};

/// A case takes milliseconds, also on a busy machine.
const LONGEST: Duration = Duration::from_secs(20);
/// After the first case that hangs, smaller ones like it are looked for.
const LONGEST_AFTERWARDS: Duration = Duration::from_millis(300);
static HUNG: AtomicBool = AtomicBool::new(false);

/// Checks a case on a thread of its own, and gives up on one that hangs.
pub(super) fn within_time(case: &Case) -> Result<(), String> {
    let (done, result) = channel();
    let (job, settings) = (case.job.clone(), case.settings.clone());
    let checking = thread::spawn(move || {
        let shape = grow(&job);
        let expected = reference::run(&shape);
        let checked = settings.iter().try_for_each(|setting| check(&shape, &expected, *setting));
        // After a timeout nobody receives it.
        let _late = done.send(checked);
    });
    let longest = if HUNG.load(Ordering::Relaxed) { LONGEST_AFTERWARDS } else { LONGEST };
    match result.recv_timeout(longest) {
        Ok(checked) => checked,
        Err(RecvTimeoutError::Timeout) => {
            HUNG.store(true, Ordering::Relaxed);
            Err("the run hangs".to_owned())
        }
        Err(RecvTimeoutError::Disconnected) => match checking.join() {
            Ok(()) => unreachable!("a check sends its result"),
            Err(panic) => Err(format!("a panic: {}", message(&*panic))),
        },
    }
}

fn message(panic: &dyn std::any::Any) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("not a text")
}

/// Runs a job, and says what differs from what is expected.
fn check(shape: &Shape, expected: &Expected, setting: Setting) -> Result<(), String> {
    // The type of a job follows from its output.
    let nesting = shape.output.map(|output| match &shape.vars[output] {
        Handle::Value(..) => 0,
        Handle::Fan(fan) => fan.nesting(),
    });
    macro_rules! returning {
        ($live:ident) => {
            run(shape, setting, |live| match live {
                Some(Live::$live(handle)) => handle,
                _ => unreachable!("the job returns another handle"),
            })
        };
    }
    let ran = match nesting {
        None => run(shape, setting, drop),
        Some(0) => returning!(Int),
        Some(1) => returning!(Ints),
        Some(2) => returning!(Nested),
        Some(_) => returning!(Deep),
    };
    let mut differences = ran?.differences(shape, expected, setting);
    differences.truncate(12);
    if differences.is_empty() {
        return Ok(());
    }
    Err(format!("{setting:?}\n  {}", differences.join("\n  ")))
}

/// What is known of a run.
struct Ran {
    output: Option<V>,
    status: RunStatus,
    error: Option<String>,
    /// Key, status and number of attempts, by node.
    steps: BTreeMap<String, Vec<(String, StepStatus, u32)>>,
    recorder: Arc<Recorder>,
}

fn run<R: JobOutput<Output: Operand>>(
    shape: &Shape,
    setting: Setting,
    output: impl FnOnce(Option<Live>) -> R,
) -> Result<Ran, String> {
    let job = Job::compose("model", || output(compose(shape)));
    job.check().map_err(|error| error.to_string())?;
    let paused = setting.runtime == Runtime::CurrentThread && !shape.blocks;
    let recorder = Recorder::new(paused);
    let run = job.run().keep_steps(true).resource(Arc::clone(&recorder));
    let run = match setting.max_concurrent {
        Some(limit) => run.max_concurrent(limit),
        None => run,
    };
    let mut builder = match setting.runtime {
        Runtime::CurrentThread => Builder::new_current_thread(),
        Runtime::MultiThread => Builder::new_multi_thread(),
    };
    let runtime = builder.worker_threads(2).enable_time().start_paused(paused).build();
    let report = runtime.map_err(|error| error.to_string())?.block_on(run.report());
    let mut steps = BTreeMap::<_, Vec<_>>::new();
    for step in report.steps() {
        let of_node = steps.entry(step.node().to_owned()).or_default();
        of_node.push((step.key().to_owned(), step.status(), step.attempts()));
    }
    let output = report.output().map(Operand::to_v);
    let error = report.error().map(ToString::to_string);
    Ok(Ran { output, status: report.status(), error, steps, recorder })
}

impl Ran {
    fn differences(&self, shape: &Shape, expected: &Expected, setting: Setting) -> Vec<String> {
        let mut differences = Differences::default();
        for node in self.steps.keys().chain(expected.steps.keys()).collect::<BTreeSet<_>>() {
            differences.steps(node, self.steps.get(node), expected.steps.get(node));
        }
        let statuses = expected.steps.values().flat_map(BTreeMap::values);
        let failed = statuses.into_iter().any(|status| *status == Status::Failure);
        let (status, error) = if failed {
            (RunStatus::Failure, self.error.clone().or(Some("an error".to_owned())))
        } else {
            (RunStatus::Success, None)
        };
        differences.differ("status", &self.status, &status);
        differences.differ("error", &self.error, &error);
        let output = match &expected.output {
            Some(Outcome::Ready(value)) if !failed => Some(value.clone()),
            None if !failed => Some(().to_v()),
            _ => None,
        };
        differences.differ("output", &self.output, &output);
        self.recorder.look(|seen| {
            let once = |(step, value): (&String, &i64)| (step.clone(), vec![*value]);
            let computed: BTreeMap<_, _> = expected.computed.iter().map(once).collect();
            differences.computed(&seen.values, &computed);
            let limit = setting.max_concurrent.unwrap_or(usize::MAX);
            differences.limit("the run", seen.running.most, limit);
            for (node, gauge) in &seen.running_of {
                let limit = shape.limits.get(node).copied().unwrap_or(usize::MAX);
                differences.limit(&format!("n{node}"), gauge.most, limit);
            }
        });
        differences.0
    }
}

#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn differ<T: PartialEq + Debug>(&mut self, what: &str, is: &T, should_be: &T) {
        if is != should_be {
            self.0.push(format!("{what}: {is:?} instead of {should_be:?}"));
        }
    }

    fn limit(&mut self, what: &str, most: usize, limit: usize) {
        if most > limit {
            self.0.push(format!("{what}: {most} steps at once, and the limit is {limit}"));
        }
    }

    /// Compares the steps of one node, in order.
    fn steps(
        &mut self,
        node: &str,
        are: Option<&Vec<(String, StepStatus, u32)>>,
        should_be: Option<&BTreeMap<Path, Status>>,
    ) {
        let should_be = should_be.into_iter().flatten().map(|(path, status)| {
            let (status, attempts) = match status {
                Status::Success => (StepStatus::Success, 1),
                Status::Failure => (StepStatus::Failure, 1),
                Status::Skipped => (StepStatus::Skipped, 0),
                Status::UpstreamFailed => (StepStatus::UpstreamFailed, 0),
            };
            (step_key(node, path), status, attempts)
        });
        let should_be: Vec<_> = should_be.collect();
        let are = are.map_or(&[][..], Vec::as_slice);
        if are == should_be {
            return;
        }
        let missing: Vec<_> = should_be.iter().filter(|step| !are.contains(step)).collect();
        let extra: Vec<_> = are.iter().filter(|step| !should_be.contains(step)).collect();
        self.0.push(match (missing.as_slice(), extra.as_slice()) {
            ([], []) => {
                format!("steps in another order, or twice: {are:?} instead of {should_be:?}")
            }
            _ => format!("steps {extra:?} instead of {missing:?}"),
        });
    }

    fn computed(
        &mut self,
        are: &HashMap<String, Vec<i64>>,
        should_be: &BTreeMap<String, Vec<i64>>,
    ) {
        // Two copies may have one printed key: those of `a/b` in `c`, and of `a` in `b/c`.
        let once = |values: &Vec<i64>| values.iter().copied().collect::<BTreeSet<_>>();
        for step in are.keys().chain(should_be.keys()).collect::<BTreeSet<_>>() {
            let (are, should_be) = (are.get(step).map(once), should_be.get(step).map(once));
            self.differ(&format!("computed by {step}"), &are, &should_be);
        }
    }
}
