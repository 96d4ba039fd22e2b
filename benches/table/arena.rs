//! Where contestants run: one runtime, one pool, a limit of time, and a check of every result.

use std::error::Error;
use std::fmt;
use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use crate::clock::{Sample, Start};
use crate::contestant::Contestant;
use crate::row::Row;

/// The threads that work is done on.
#[derive(Debug)]
pub(crate) struct Arena {
    runtime: Runtime,
    workers: usize,
    limit: Duration,
}

/// Larger than what an allocator keeps apart for the next request of its size, smaller than what it asks the system for.
const LARGE: usize = 100_000;

/// Why there are no figures.
#[derive(Debug, Clone)]
pub(crate) enum Missing {
    /// It takes longer than the limit.
    TooSlow(Duration),
    /// It gave an error, or another result than it should.
    Failed(String),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooSlow(limit) => write!(f, "> {} s", limit.as_secs()),
            Self::Failed(error) => {
                // It stands in a cell of a table.
                let short = error.chars().map(|c| if "|\n".contains(c) { ' ' } else { c }).take(60);
                write!(f, "failed: {}", short.collect::<String>())
            }
        }
    }
}

impl Error for Missing {}

impl Arena {
    /// With so many threads; a run that takes longer than `limit`, for a million keys or fewer, is given up.
    pub(crate) fn new(workers: usize, limit: Duration) -> Result<Self, Box<dyn Error>> {
        rayon::ThreadPoolBuilder::new().num_threads(workers).build_global()?;
        let runtime = Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
        Ok(Self { runtime, workers, limit })
    }

    /// The longest that a run of so many keys may take.
    pub(crate) fn limit(&self, n: u64) -> Duration {
        self.limit * u32::try_from(n / 1_000_000).unwrap_or(u32::MAX).max(1)
    }

    /// Does the work so often, and checks each result.
    pub(crate) fn sample(
        &self,
        (row, contestant, n): (Row, Contestant, u64),
        times: u32,
    ) -> Result<Sample, Missing> {
        self.settle();
        let start = Start::now();
        for _ in 0..times {
            self.once(row, contestant, n)?;
        }
        Ok(start.per_key(n * u64::from(times)))
    }

    fn once(&self, row: Row, contestant: Contestant, n: u64) -> Result<(), Missing> {
        let Some(run) = contestant.run(row, n) else {
            return Err(Missing::Failed("takes no part".to_owned()));
        };
        let limit = self.limit(n);
        let run = async { tokio::time::timeout(limit, run).await };
        match self.runtime.block_on(run) {
            Ok(Ok(tally)) if tally == row.expected(n) => Ok(()),
            Ok(Ok(tally)) => Err(Missing::Failed(format!("came to {tally:?}"))),
            Ok(Err(error)) => Err(Missing::Failed(error)),
            Err(_) => Err(Missing::TooSlow(limit)),
        }
    }

    /// Waits until what the last contestant left behind is gone.
    ///
    /// What it has freed is put in order, too: glibc's allocator does that late, on the first large request of each thread,
    /// and would charge whoever comes next for it.
    fn settle(&self) {
        let since = Instant::now();
        while self.runtime.metrics().num_alive_tasks() > 0 && since.elapsed() < self.limit {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.tidy(|task| drop(self.runtime.spawn(async { task() })));
        self.tidy(|task| drop(self.runtime.spawn_blocking(task)));
        black_box(Vec::<u8>::with_capacity(LARGE));
    }

    /// Asks for much at once on as many threads as there are workers.
    fn tidy(&self, on_thread: impl Fn(Box<dyn FnOnce() + Send>)) {
        let all = Arc::new(Barrier::new(self.workers + 1));
        for _ in 0..self.workers {
            let all = Arc::clone(&all);
            on_thread(Box::new(move || {
                black_box(Vec::<u8>::with_capacity(LARGE));
                all.wait();
            }));
        }
        all.wait();
    }
}

/// Makes what a row needs for the rest of the process.
pub(crate) fn prepare(row: Row) {
    if row == Row::Tracing {
        // Only the first one is taken.
        let _taken = tracing::subscriber::set_global_default(tracing_subscriber::registry());
    }
}
