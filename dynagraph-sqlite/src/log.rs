//! The log of a run, as the engine has it and as the writer has it.

use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;

use dynagraph_runtime::store::{OutputRecord, Record, RunLog, StoreError, StoredValue};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::watch;

use crate::store::Inner;

/// Wakes the writer when it sleeps.
#[derive(Debug, Default)]
pub(crate) struct Wake {
    asleep: AtomicBool,
    writer: OnceLock<Thread>,
}

impl Wake {
    pub(crate) fn is_of(&self, writer: Thread) {
        // Set once, before anything is written.
        let _set = self.writer.set(writer);
    }

    /// The writer will sleep unless it finds something to do. To be called before it looks.
    pub(crate) fn fall_asleep(&self) {
        self.asleep.swap(true, Ordering::SeqCst);
    }

    pub(crate) fn wake(&self) {
        if self.asleep.swap(false, Ordering::SeqCst)
            && let Some(writer) = self.writer.get()
        {
            writer.unpark();
        }
    }

    /// For those who have just had a lock that the writer takes when it looks.
    fn wake_after_lock(&self) {
        if self.asleep.load(Ordering::SeqCst) {
            self.wake();
        }
    }
}

/// What the log of a run and the writer share.
#[derive(Debug)]
pub(crate) struct Shared {
    queue: Mutex<Queue>,
    /// How many bytes of memory are appended and not yet durable.
    waiting: AtomicUsize,
    room: usize,
    progress: watch::Sender<Progress>,
    wake: Arc<Wake>,
}

#[derive(Debug, Default)]
struct Queue {
    records: Vec<Record>,
    appended: u64,
    /// Nothing more is stored.
    failed: bool,
    /// The log was dropped.
    closed: bool,
}

/// How far the writer is.
#[derive(Debug, Default)]
struct Progress {
    durable: u64,
    failed: Option<StoreError>,
    cancel_asked: bool,
}

impl Shared {
    pub(crate) fn new(room: usize, wake: Arc<Wake>) -> Self {
        Self {
            queue: Mutex::default(),
            waiting: AtomicUsize::new(0),
            room,
            progress: watch::Sender::default(),
            wake,
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append(&self, count: usize, bytes: usize, append: impl FnOnce(&mut Vec<Record>)) {
        let mut queue = self.queue();
        if queue.failed {
            return;
        }
        append(&mut queue.records);
        queue.appended += count as u64;
        self.waiting.fetch_add(bytes, Ordering::Relaxed);
        drop(queue);
        self.wake.wake_after_lock();
    }

    /// Takes what was appended, and gives empty memory for it. Says whether more may follow.
    pub(crate) fn take(&self, records: &mut Vec<Record>) -> bool {
        let mut queue = self.queue();
        mem::swap(&mut queue.records, records);
        !queue.closed
    }

    /// So many records, of so many bytes, are durable.
    pub(crate) fn committed(&self, count: usize, bytes: usize) {
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
        self.progress.send_modify(|progress| progress.durable += count as u64);
    }

    /// Nothing more is stored.
    pub(crate) fn fail(&self, error: StoreError) {
        let mut queue = self.queue();
        queue.failed = true;
        queue.records.clear();
        self.waiting.store(0, Ordering::Relaxed);
        drop(queue);
        self.progress.send_modify(|progress| {
            progress.failed.get_or_insert(error);
        });
    }

    pub(crate) fn ask_cancel(&self) {
        self.progress.send_if_modified(|progress| !mem::replace(&mut progress.cancel_asked, true));
    }

    fn close(&self) {
        self.queue().closed = true;
        self.wake.wake();
    }
}

/// How much memory a record takes, more or less.
pub(crate) fn weight(record: &Record) -> usize {
    let more = match record {
        Record::KeyEmitted(record) => record.value.as_ref().map_or(0, StoredValue::size),
        Record::StepEnded(record) => record.outputs.iter().map(size).sum(),
        Record::StepUpForRetry(record) => record.error.len() as u64,
        Record::RunEnded(_) => 0,
    };
    size_of::<Record>() + usize::try_from(more).unwrap_or(usize::MAX)
}

fn size(output: &OutputRecord) -> u64 {
    match output {
        OutputRecord::Value(value) => value.size(),
        _ => 0,
    }
}

/// The log of a run.
pub(crate) struct SqliteLog {
    shared: Arc<Shared>,
    /// Keeps the writer alive.
    store: Arc<Inner>,
}

impl SqliteLog {
    pub(crate) fn new(shared: Arc<Shared>, store: Arc<Inner>) -> Self {
        Self { shared, store }
    }

    async fn until<T>(&self, ready: impl Fn(&Progress) -> Option<T>) -> T {
        let mut progress = self.shared.progress.subscribe();
        loop {
            if let Some(ready) = ready(&progress.borrow_and_update()) {
                return ready;
            }
            if progress.changed().await.is_err() {
                // The sender is ours, and outlives this.
                std::future::pending::<()>().await;
            }
        }
    }
}

impl RunLog for SqliteLog {
    fn append(&self, record: Record) {
        self.shared.append(1, weight(&record), |records| records.push(record));
    }

    fn append_all(&self, block: &mut Vec<Record>) {
        let bytes = block.iter().map(weight).sum();
        self.shared.append(block.len(), bytes, |records| records.append(block));
        block.clear();
    }

    fn is_full(&self) -> bool {
        self.shared.waiting.load(Ordering::Relaxed) >= self.shared.room
    }

    fn room(&self) -> BoxFuture<'_, ()> {
        self.until(|_| (!self.is_full()).then_some(())).boxed()
    }

    fn flush(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        let appended = self.shared.queue().appended;
        self.until(move |progress| match &progress.failed {
            Some(error) => Some(Err(error.clone())),
            None => (progress.durable >= appended).then_some(Ok(())),
        })
        .boxed()
    }

    fn failed(&self) -> Option<StoreError> {
        self.shared.progress.borrow().failed.clone()
    }

    fn failure(&self) -> BoxFuture<'_, StoreError> {
        self.until(|progress| progress.failed.clone()).boxed()
    }

    fn cancel_asked(&self) -> BoxFuture<'_, ()> {
        self.until(|progress| progress.cancel_asked.then_some(())).boxed()
    }
}

impl Drop for SqliteLog {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl fmt::Debug for SqliteLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let progress = self.shared.progress.borrow();
        f.debug_struct("SqliteLog")
            .field("store", &self.store.path())
            .field("durable", &progress.durable)
            .field("failed", &progress.failed)
            .finish_non_exhaustive()
    }
}
