//! Stores that something is wrong with.

#![expect(clippy::print_stdout, clippy::expect_used, reason = "a child process speaks by printing")]

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use dynagraph::RunId;
use dynagraph::store::{
    Fingerprint, MemoryStore, Record, RunInfo, RunLog, RunStore, RunSummary, StoreError, StoredRun,
    StoredStep,
};
use futures::future::BoxFuture;
use tokio::sync::watch;

/// What is wrong with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It says in the end that it is full.
    Full,
    /// It keeps so many records of a session, as if the power had gone then.
    Keeps(usize),
    /// It takes so many records at once.
    Takes(usize),
    /// It is full after so many records of a session.
    Breaks(usize),
    /// It says that it begins a run, and goes on when it is told a line.
    Slow,
}

/// A store in memory with a fault.
#[derive(Debug, Clone)]
pub(crate) struct FaultyStore {
    pub(crate) store: MemoryStore,
    fault: Fault,
    /// How many records were waiting at most.
    most: Arc<AtomicUsize>,
}

impl FaultyStore {
    pub(crate) fn new(store: MemoryStore, fault: Fault) -> Self {
        Self { store, fault, most: Arc::default() }
    }

    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    fn log(&self, log: Box<dyn RunLog>) -> Box<dyn RunLog> {
        let appended = AtomicUsize::new(0);
        let (most, failed) = (Arc::clone(&self.most), watch::Sender::new(false));
        Box::new(FaultyLog { log, fault: self.fault, appended, most, failed })
    }
}

#[derive(Debug)]
struct FaultyLog {
    log: Box<dyn RunLog>,
    fault: Fault,
    /// How many records there are; those that are waiting, if it takes few at once.
    appended: AtomicUsize,
    most: Arc<AtomicUsize>,
    failed: watch::Sender<bool>,
}

impl RunStore for FaultyStore {
    fn begin(&self, run: &RunInfo) -> Result<Box<dyn RunLog>, StoreError> {
        if self.fault == Fault::Slow {
            println!("opening");
            std::io::stdin().read_line(&mut String::new()).expect("somebody answers");
        }
        self.store.begin(run).map(|log| self.log(log))
    }

    fn resume(&self, run: &RunInfo) -> Result<Box<dyn RunLog>, StoreError> {
        self.store.resume(run).map(|log| self.log(log))
    }

    fn read(&self, run: RunId) -> Result<StoredRun, StoreError> {
        self.store.read(run)
    }

    fn runs(&self) -> Result<Vec<RunSummary>, StoreError> {
        self.store.runs()
    }

    fn ask_cancel(&self, run: RunId) -> Result<(), StoreError> {
        self.store.ask_cancel(run)
    }

    fn fingerprints(&self) -> Result<HashSet<Fingerprint>, StoreError> {
        self.store.fingerprints()
    }

    fn find_step(&self, fingerprint: Fingerprint) -> Result<Option<StoredStep>, StoreError> {
        self.store.find_step(fingerprint)
    }

    fn delete_before(&self, time: SystemTime) -> Result<Vec<RunId>, StoreError> {
        self.store.delete_before(time)
    }
}

impl RunLog for FaultyLog {
    fn append(&self, record: Record) {
        let before = self.appended.fetch_add(1, Ordering::SeqCst);
        self.most.fetch_max(before + 1, Ordering::SeqCst);
        match self.fault {
            Fault::Keeps(most) if before >= most => {}
            Fault::Breaks(most) if before >= most => {
                self.failed.send_replace(true);
            }
            _ => self.log.append(record),
        }
    }

    fn is_full(&self) -> bool {
        matches!(self.fault, Fault::Takes(most) if self.appended.load(Ordering::SeqCst) >= most)
    }

    fn room(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            tokio::task::yield_now().await;
            self.appended.store(0, Ordering::SeqCst);
        })
    }

    fn flush(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async {
            match self.failed() {
                Some(error) => Err(error),
                None if self.fault == Fault::Full => Err(StoreError::full("runs.db")),
                None => self.log.flush().await,
            }
        })
    }

    fn failed(&self) -> Option<StoreError> {
        self.failed.borrow().then(|| StoreError::full("runs.db"))
    }

    fn failure(&self) -> BoxFuture<'_, StoreError> {
        Box::pin(async {
            // The sender is ours, and outlives this.
            drop(self.failed.subscribe().wait_for(|failed| *failed).await);
            StoreError::full("runs.db")
        })
    }

    fn cancel_asked(&self) -> BoxFuture<'_, ()> {
        self.log.cancel_asked()
    }
}
