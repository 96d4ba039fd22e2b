//! What the ops of a run tell of their steps, independently of the engine's report.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dynagraph::Resource;
use tokio::time::Instant;

use super::trying::TIMEOUT;
use super::work::{Style, V};

/// Given to every op as a resource.
#[derive(Debug)]
pub(super) struct Recorder {
    seen: Mutex<Seen>,
    /// Whether time is paused, so that a sleep costs nothing.
    paused: bool,
    /// Whether everything runs on one thread.
    single: bool,
}

#[derive(Debug, Default)]
pub(super) struct Seen {
    /// What each step computed, for every time that it ran.
    pub(super) values: HashMap<String, Vec<i64>>,
    /// The attempts of each step, as it was told.
    pub(super) attempts: HashMap<String, Vec<u32>>,
    /// The steps that a partial gather named, by the step that it gave its value to and by failed key.
    pub(super) blamed: HashMap<(String, String), Vec<(String, u32)>>,
    /// When each of them began.
    pub(super) began: HashMap<String, Vec<Instant>>,
    /// Whether the run was asked to end.
    canceled: bool,
    /// What began nevertheless. Known where everything runs on one thread.
    pub(super) late: Vec<String>,
    /// How many steps that compute run at once: all of them, and those of each node.
    pub(super) running: Gauge,
    pub(super) running_of: HashMap<usize, Gauge>,
}

#[derive(Debug, Default)]
pub(super) struct Gauge {
    pub(super) now: usize,
    pub(super) most: usize,
}

impl Gauge {
    fn enter(&mut self) {
        self.now += 1;
        self.most = self.most.max(self.now);
    }
}

impl Recorder {
    pub(super) fn new(paused: bool, single: bool) -> Arc<Self> {
        Arc::new(Self { seen: Mutex::default(), paused, single })
    }

    pub(super) fn look<R>(&self, look: impl FnOnce(&mut Seen) -> R) -> R {
        look(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn computed(&self, step: String, value: i64) {
        self.look(|seen| seen.values.entry(step).or_default().push(value));
    }

    pub(super) fn tried(&self, step: String, attempt: u32) {
        self.look(|seen| {
            if seen.canceled && self.single {
                seen.late.push(step.clone());
            }
            seen.began.entry(step.clone()).or_default().push(Instant::now());
            seen.attempts.entry(step).or_default().push(attempt);
        });
    }

    pub(super) fn given(&self, step: &str, inputs: &[V]) {
        for input in inputs {
            let V::Partial(_, failed) = input else { continue };
            for failed in failed {
                let place = (step.to_owned(), failed.key.clone());
                let steps = failed.steps.iter().cloned();
                self.look(|seen| seen.blamed.entry(place).or_default().extend(steps));
            }
        }
    }

    pub(super) fn canceled(&self) {
        self.look(|seen| seen.canceled = true);
    }

    /// Waits for a moment: so many milliseconds of paused time, or a number of yields.
    pub(super) async fn wait(&self, moment: u32) {
        if self.paused {
            return tokio::time::sleep(Duration::from_millis(moment.into())).await;
        }
        for _ in 0..moment % 64 {
            tokio::task::yield_now().await;
        }
    }

    /// Takes longer than an attempt may, if it can.
    pub(super) async fn be_late(&self) {
        if self.paused {
            tokio::time::sleep(2 * TIMEOUT).await;
        }
    }

    /// Lets others run meanwhile.
    pub(super) async fn pace(&self, style: Style, salt: usize) {
        let (yields, sleep) = match style {
            Style::Yields(times) => (usize::from(times), 0),
            Style::Sleeps(longest) => {
                let millis = (salt * 7 + 3) % (usize::from(longest) + 1);
                if self.paused { (0, millis) } else { (millis, 0) }
            }
            Style::Immediate | Style::Inline | Style::Blocking => (0, 0),
        };
        for _ in 0..yields {
            tokio::task::yield_now().await;
        }
        if sleep > 0 {
            tokio::time::sleep(Duration::from_millis(sleep as u64)).await;
        }
    }
}

/// A step that runs now.
pub(super) struct Running {
    recorder: Resource<Arc<Recorder>>,
    node: usize,
}

impl Running {
    pub(super) fn begin(recorder: Resource<Arc<Recorder>>, node: usize) -> Self {
        recorder.look(|seen| {
            seen.running.enter();
            seen.running_of.entry(node).or_default().enter();
        });
        Self { recorder, node }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.recorder.look(|seen| {
            seen.running.now -= 1;
            seen.running_of.entry(self.node).or_default().now -= 1;
        });
    }
}
