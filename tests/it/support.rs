//! What several topics need: ops, counters, a log, a gate, and a watchdog.

use std::panic::{self, PanicHookInfo};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use dynagraph::prelude::*;
use dynagraph::{RunReport, StepReport, StepStatus};
use tokio::runtime::Builder;
use tokio::sync::Semaphore;

/// Gives the numbers below `n`, each with itself as its key.
#[op]
pub(crate) fn count(n: u64) -> Vec<DynamicOutput<u64>> {
    (0..n).map(|i| DynamicOutput::new(i, i)).collect()
}

#[op]
pub(crate) fn echo(x: u64) -> u64 {
    x
}

#[op]
pub(crate) fn add(a: u64, b: u64) -> u64 {
    a + b
}

#[op]
pub(crate) fn sum(numbers: &[u64]) -> u64 {
    numbers.iter().sum()
}

/// Waits for another step, and gives its own input.
#[op]
pub(crate) fn second(first: u64, second: u64) -> u64 {
    let _ = first;
    second
}

/// Composing is all that is wanted of what gives the value.
pub(crate) fn ignore<T>(_value: T) {}

/// The recorded steps as text: `echo[a] Success`.
pub(crate) fn steps<T>(report: &RunReport<T>) -> Vec<String> {
    report.steps().map(|step| format!("{} {}", step.key(), step.status())).collect()
}

/// The keys of the recorded steps that ended in `status`.
pub(crate) fn keys_of<T>(report: &RunReport<T>, status: StepStatus) -> Vec<&str> {
    report.steps().filter(|step| step.status() == status).map(StepReport::key).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts what is there now, and the most that was there at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gauge(Arc<Mutex<(usize, usize)>>);

impl Gauge {
    pub(crate) fn enter(&self) -> Inside {
        let mut counts = lock(&self.0);
        counts.0 += 1;
        counts.1 = counts.1.max(counts.0);
        Inside(self.clone())
    }

    pub(crate) fn now(&self) -> usize {
        lock(&self.0).0
    }

    pub(crate) fn most(&self) -> usize {
        lock(&self.0).1
    }
}

/// Something that a gauge counts until it is dropped.
#[derive(Debug)]
pub(crate) struct Inside(Gauge);

impl Drop for Inside {
    fn drop(&mut self) {
        lock(&self.0.0).0 -= 1;
    }
}

/// A value that tells how many of it live, and how often it was cloned.
#[derive(Debug)]
pub(crate) struct Tracked {
    pub(crate) number: u64,
    inside: Inside,
    clones: Arc<AtomicUsize>,
}

impl Clone for Tracked {
    fn clone(&self) -> Self {
        self.clones.fetch_add(1, Ordering::SeqCst);
        Self {
            number: self.number,
            inside: self.inside.0.enter(),
            clones: Arc::clone(&self.clones),
        }
    }
}

/// Makes tracked values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tracker {
    pub(crate) live: Gauge,
    clones: Arc<AtomicUsize>,
}

impl Tracker {
    pub(crate) fn make(&self, number: u64) -> Tracked {
        Tracked { number, inside: self.live.enter(), clones: Arc::clone(&self.clones) }
    }

    pub(crate) fn clones(&self) -> usize {
        self.clones.load(Ordering::SeqCst)
    }
}

/// A semaphore without permits is a gate.
pub(crate) type Gate = Arc<Semaphore>;

pub(crate) fn gate() -> Gate {
    Arc::new(Semaphore::new(0))
}

/// What happened, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn say(&self, line: impl Into<String>) {
        lock(&self.0).push(line.into());
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        lock(&self.0).clone()
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.0).len()
    }
}

/// On which kind of runtime a test runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavor {
    CurrentThread,
    MultiThread,
}

pub(crate) const FLAVORS: [Flavor; 2] = [Flavor::CurrentThread, Flavor::MultiThread];

/// What a test may take before it counts as hanging.
const LONGEST: Duration = Duration::from_secs(15);

/// Runs a test on a runtime and a thread of its own, in real time, and fails if it does not end.
#[track_caller]
pub(crate) fn ends<F>(flavor: Flavor, test: impl FnOnce() -> F + Send + 'static) -> F::Output
where
    F: Future<Output: Send + 'static>,
{
    let (done, result) = channel();
    let running = thread::spawn(move || {
        let mut builder = match flavor {
            Flavor::CurrentThread => Builder::new_current_thread(),
            Flavor::MultiThread => Builder::new_multi_thread(),
        };
        let runtime = builder.worker_threads(2).enable_time().build();
        let output = runtime.map(|runtime| runtime.block_on(test()));
        // After the watchdog's end nobody receives it.
        let _late = done.send(output);
    });
    match result.recv_timeout(LONGEST) {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => panic!("no runtime: {error}"),
        Err(RecvTimeoutError::Timeout) => panic!("the run hangs ({flavor:?})"),
        Err(RecvTimeoutError::Disconnected) => match running.join() {
            Ok(()) => unreachable!("a test sends its output"),
            Err(panic) => panic::resume_unwind(panic),
        },
    }
}

/// Runs an ignored test in a process of its own.
pub(crate) fn process(test: &str) -> Command {
    // Without a path to itself, the test that asks for it fails.
    let mut process = Command::new(std::env::current_exe().unwrap_or_default());
    process.args(["--ignored", "--exact", test, "--nocapture"]);
    process
}

/// What a hook has seen of the panics that tests make on purpose; only others are printed.
pub(crate) fn seen_panics() -> &'static Mutex<Vec<String>> {
    static SEEN: OnceLock<Mutex<Vec<String>>> = OnceLock::new();
    SEEN.get_or_init(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            let seen = SEEN.get().and_then(|seen| seen.lock().ok());
            let payload = info.payload();
            let text = payload.downcast_ref::<String>().map(String::as_str);
            match (text.or_else(|| payload.downcast_ref::<&str>().copied()), seen) {
                (Some(message), Some(mut seen)) if message.contains("on purpose") => {
                    seen.push(message.to_owned());
                }
                _ => print(info),
            }
        }));
        Mutex::default()
    })
}
