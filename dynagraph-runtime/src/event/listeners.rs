//! Who is told of a run's events.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::SystemTime;

use futures::Stream;
use tokio::sync::mpsc;

use super::{Event, EventKind};

/// How many events wait for a slow reader before the next ones are counted only.
const CAPACITY: usize = 4_096;

/// Is told of everything that happens in a run, where it happens: what it does, the run waits for.
///
/// It is called by several threads at once.
/// One that panics is not called again, and the run goes on.
/// A closure `Fn(&Event)` is an observer.
pub trait Observer: Send + Sync + 'static {
    /// Takes note of an event.
    fn on_event(&self, event: &Event);
}

impl<F: Fn(&Event) + Send + Sync + 'static> Observer for F {
    fn on_event(&self, event: &Event) {
        self(event);
    }
}

/// All who listen to one run.
#[derive(Default)]
pub(crate) struct Listeners {
    /// How many there are, so that with nobody listening no event is made.
    count: AtomicUsize,
    observers: Vec<Watching>,
    readers: Mutex<Vec<Arc<Reader>>>,
}

struct Watching {
    observer: Arc<dyn Observer>,
    panicked: AtomicBool,
}

/// The engine's end of a stream of events.
struct Reader {
    sender: mpsc::Sender<Event>,
    missed: AtomicU64,
}

impl Listeners {
    pub(crate) fn new(observers: Vec<Arc<dyn Observer>>) -> Self {
        let watching = |observer| Watching { observer, panicked: AtomicBool::new(false) };
        Self {
            count: AtomicUsize::new(observers.len()),
            observers: observers.into_iter().map(watching).collect(),
            readers: Mutex::default(),
        }
    }

    /// Whether somebody listens.
    pub(crate) fn any(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// Tells everybody who listens. The event is only made if somebody does.
    pub(crate) fn tell(&self, kind: impl FnOnce() -> EventKind) {
        if self.any() {
            self.tell_all(&Event { at: SystemTime::now(), kind: kind() });
        }
    }

    fn tell_all(&self, event: &Event) {
        for watching in &self.observers {
            watching.tell(event);
        }
        let mut readers = self.readers();
        let before = readers.len();
        readers.retain(|reader| reader.tell(event));
        self.count.fetch_sub(before - readers.len(), Ordering::Relaxed);
    }

    /// A stream of the events from now on.
    pub(crate) fn subscribe(&self) -> Events {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let reader = Arc::new(Reader { sender, missed: AtomicU64::new(0) });
        self.readers().push(Arc::clone(&reader));
        self.count.fetch_add(1, Ordering::Relaxed);
        Events { receiver }
    }

    /// Tells nobody any more: streams end.
    pub(crate) fn close(&self) {
        let readers = std::mem::take(&mut *self.readers());
        self.count.fetch_sub(readers.len(), Ordering::Relaxed);
    }

    fn readers(&self) -> MutexGuard<'_, Vec<Arc<Reader>>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watching {
    fn tell(&self, event: &Event) {
        if self.panicked.load(Ordering::Relaxed) {
            return;
        }
        if catch_unwind(AssertUnwindSafe(|| self.observer.on_event(event))).is_err() {
            self.panicked.store(true, Ordering::Relaxed);
        }
    }
}

impl Reader {
    /// Says whether the stream is still there.
    fn tell(&self, event: &Event) -> bool {
        let _ = (&self.missed, event);
        !self.sender.is_closed()
    }
}

/// The events of a run, as a stream. It ends with the run.
pub struct Events {
    receiver: mpsc::Receiver<Event>,
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.receiver.poll_recv(context)
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listeners").field("count", &self.count).finish_non_exhaustive()
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}
