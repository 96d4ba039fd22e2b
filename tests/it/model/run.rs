//! Runs a case, and compares.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use dynagraph::{Job, JobOutput, Run, RunReport, RunStatus, StepStatus};
use tokio::runtime::Builder;

use super::canceled;
use super::compose::{Live, compose};
use super::grow::grow;
use super::record::Recorder;
use super::reference;
use super::shape::Shape;
use super::strategy::{Case, Runtime, Setting};
use super::work::{Operand, V};

/// A case takes milliseconds, also on a busy machine.
const LONGEST: Duration = Duration::from_secs(20);
/// After the first case that hangs, smaller ones like it are looked for.
const LONGEST_AFTERWARDS: Duration = Duration::from_millis(300);
/// More differences say nothing new.
const MOST: usize = 12;
static HUNG: AtomicBool = AtomicBool::new(false);

/// Checks a case on a thread of its own, and gives up on one that hangs.
pub(super) fn within_time<T: Clone + Send + 'static>(
    case: &T,
    check: impl FnOnce(&T) -> Result<(), String> + Send + 'static,
) -> Result<(), String> {
    let (done, result) = channel();
    let case = case.clone();
    let checking = thread::spawn(move || {
        // After a timeout nobody receives it.
        let _late = done.send(check(&case));
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

/// Calls a function that is generic over a job's output, whose type follows from the shape.
macro_rules! with_output {
    ($run:ident($shape:expr, $given:expr)) => {{
        let (shape, given) = ($shape, $given);
        let nesting = shape.output.map(|output| match &shape.vars[output] {
            $crate::model::shape::Handle::Value(..) => 0,
            $crate::model::shape::Handle::Fan(fan) => fan.nesting(),
        });
        match nesting {
            None => $run(shape, given, drop),
            Some(0) => with_output!($run(shape, given) as Int),
            Some(1) => with_output!($run(shape, given) as Ints),
            Some(2) => with_output!($run(shape, given) as Nested),
            Some(_) => with_output!($run(shape, given) as Deep),
        }
    }};
    ($run:ident($shape:ident, $given:ident) as $live:ident) => {
        $run($shape, $given, |live| match live {
            Some($crate::model::compose::Live::$live(handle)) => handle,
            _ => unreachable!("the job returns another handle"),
        })
    };
}
pub(super) use with_output;

/// Runs a job in every setting, and says what differs from what is expected.
pub(super) fn check(case: &Case) -> Result<(), String> {
    let shape = &grow(&case.job);
    let settings = &case.settings;
    let runs = with_output!(run(shape, settings.as_slice()));
    let expected = reference::run(shape);
    for (ran, setting) in runs?.iter().zip(settings) {
        // A run that had ended before it was asked to is a whole one.
        let was_canceled = setting.cancel.is_some() && ran.status == RunStatus::Canceled;
        let mut differences =
            if was_canceled { ran.excess(&expected) } else { ran.differences(&expected) };
        differences.extend(ran.exceeded(shape, *setting));
        differences.truncate(MOST);
        if !differences.is_empty() {
            return Err(format!("{setting:?}\n  {}", differences.join("\n  ")));
        }
    }
    Ok(())
}

/// What is known of a run.
pub(super) struct Ran {
    pub(super) output: Option<V>,
    pub(super) status: RunStatus,
    pub(super) error: Option<String>,
    /// Key, status and number of attempts, by node.
    pub(super) steps: BTreeMap<String, Vec<(String, StepStatus, u32)>>,
    /// The numbers of the nodes, in the order of the report.
    pub(super) order: Vec<usize>,
    pub(super) recorder: Arc<Recorder>,
}

/// Composes a job once, and runs it in every setting.
pub(super) fn run<R: JobOutput<Output: Operand>>(
    shape: &Shape,
    settings: &[Setting],
    output: impl FnOnce(Option<Live>) -> R,
) -> Result<Vec<Ran>, String> {
    let job = Job::compose("model", || output(compose(shape)));
    job.check().map_err(|error| error.to_string())?;
    let runs = settings.iter().map(|setting| {
        let Prepared { recorder, runtime, run } = Prepared::new(shape, &job, *setting)?;
        let report = runtime.block_on(async {
            let report = canceled::run(run, setting.cancel, &recorder).await;
            no_tasks_left().await;
            report
        });
        Ok(Ran::new(&report, recorder))
    });
    runs.collect()
}

/// A run that is set up, and where it runs.
pub(super) struct Prepared<T> {
    pub(super) recorder: Arc<Recorder>,
    pub(super) runtime: tokio::runtime::Runtime,
    pub(super) run: Run<T>,
}

impl<T> Prepared<T> {
    pub(super) fn new(shape: &Shape, job: &Job<T>, setting: Setting) -> Result<Self, String> {
        let paused = setting.runtime == Runtime::CurrentThread && !shape.blocks;
        let recorder = Recorder::new(paused, paused && !shape.has_threads);
        let run = job.run().keep_steps(true).keep_values(setting.keep_values);
        let run = run.resource(Arc::clone(&recorder));
        let run = match setting.max_concurrent {
            Some(limit) => run.max_concurrent(limit),
            None => run,
        };
        let mut builder = match setting.runtime {
            Runtime::CurrentThread => Builder::new_current_thread(),
            Runtime::MultiThread => Builder::new_multi_thread(),
        };
        let runtime = builder.worker_threads(2).enable_time().start_paused(paused).build();
        Ok(Self { recorder, runtime: runtime.map_err(|error| error.to_string())?, run })
    }
}

/// A task that outlives its run would keep the check waiting.
pub(super) async fn no_tasks_left() {
    let metrics = tokio::runtime::Handle::current().metrics();
    while metrics.num_alive_tasks() > 0 {
        tokio::task::yield_now().await;
    }
}

impl Ran {
    pub(super) fn new<T: Operand>(report: &RunReport<T>, recorder: Arc<Recorder>) -> Self {
        let mut steps = BTreeMap::<_, Vec<_>>::new();
        for step in report.steps() {
            let of_node = steps.entry(step.node().to_owned()).or_default();
            of_node.push((step.key().to_owned(), step.status(), step.attempts()));
        }
        let numbers = report.steps().filter_map(|step| step.node().strip_prefix('n')?.parse().ok());
        Self {
            output: report.output().map(Operand::to_v),
            status: report.status(),
            error: report.error().map(ToString::to_string),
            order: numbers.collect(),
            steps,
            recorder,
        }
    }
}
