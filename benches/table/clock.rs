//! Time on the wall and on the processors, and what is in the middle of several of it.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// What one key costs, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) wall: f64,
    /// User and system time of all threads.
    pub(crate) cpu: f64,
}

/// A moment on both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    wall: Instant,
    cpu: Duration,
}

impl Start {
    /// Now.
    pub(crate) fn now() -> Self {
        Self { cpu: cpu_time(), wall: Instant::now() }
    }

    /// What so many keys cost since then, each.
    #[expect(clippy::cast_precision_loss, reason = "nobody reads that many digits")]
    pub(crate) fn per_key(self, keys: u64) -> Sample {
        let wall = self.wall.elapsed();
        let cpu = cpu_time().saturating_sub(self.cpu);
        let per_key = |time: Duration| time.as_nanos() as f64 / keys as f64;
        Sample { wall: per_key(wall), cpu: per_key(cpu) }
    }
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// The one in the middle.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.as_slice() {
        [] => f64::NAN,
        values if values.len() % 2 == 1 => values[middle],
        values => f64::midpoint(values[middle - 1], values[middle]),
    }
}

/// What is between two, round by round.
pub(crate) fn ratio(ours: &[Sample], theirs: &[Sample], of: impl Fn(&Sample) -> f64) -> f64 {
    median(ours.iter().zip(theirs).map(|(ours, theirs)| of(ours) / of(theirs)))
}
