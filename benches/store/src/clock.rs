//! Time on the wall and on the processors.

use std::ops::AddAssign;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// A moment on all clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    wall: Instant,
    all: Duration,
    own: Duration,
}

/// What was used since then.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    pub(crate) wall: Duration,
    /// User and system time of all threads.
    pub(crate) all: Duration,
    /// That of the thread which asks.
    pub(crate) own: Duration,
}

impl Start {
    /// Now.
    pub(crate) fn now() -> Self {
        Self {
            all: read(ClockId::ProcessCPUTime),
            own: read(ClockId::ThreadCPUTime),
            wall: Instant::now(),
        }
    }

    /// What was used since then.
    pub(crate) fn used(self) -> Used {
        Used {
            wall: self.wall.elapsed(),
            all: read(ClockId::ProcessCPUTime).saturating_sub(self.all),
            own: read(ClockId::ThreadCPUTime).saturating_sub(self.own),
        }
    }
}

impl AddAssign for Used {
    fn add_assign(&mut self, more: Self) {
        self.wall += more.wall;
        self.all += more.all;
        self.own += more.own;
    }
}

fn read(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Microseconds for each of so many.
#[expect(clippy::cast_precision_loss, reason = "nobody reads that many digits")]
pub(crate) fn each(time: Duration, count: u64) -> f64 {
    time.as_secs_f64() * 1e6 / count as f64
}

/// How many in a second.
#[expect(clippy::cast_precision_loss, reason = "nobody reads that many digits")]
pub(crate) fn rate(time: Duration, count: u64) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// The middle one, or the mean of the two in the middle.
pub(crate) fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<_> = numbers.collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.as_slice() {
        [] => f64::NAN,
        all if all.len() % 2 == 1 => all[middle],
        all => f64::midpoint(all[middle - 1], all[middle]),
    }
}
