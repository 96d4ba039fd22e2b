//! A run's events as a stream that never makes the run wait.
//!
//! ```text
//!           an event finds no room
//! queueing ───────────────────────▶ counting
//!     ▲                                │
//!     └── the reader has read all ─────┘
//! ```

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker, ready};

use futures::Stream;
use tokio::task::coop::poll_proceed;

use super::{Event, EventKind};
use crate::sync::lock;

/// How many events wait for a slow reader before the next ones are counted only.
pub(super) const CAPACITY: usize = 4_096;

/// What a stream and those who tell it of events share.
#[derive(Default)]
pub(super) struct Reader {
    /// While it is not zero, the reader has not come to where it missed something, and nothing is added.
    missed: AtomicU64,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    events: VecDeque<Event>,
    /// What comes after everything else, whether or not there is room.
    last: Option<Event>,
    ended: bool,
    /// Who waits for an event.
    waker: Option<Waker>,
}

impl Reader {
    /// Adds an event, or counts it. Gives whom to wake.
    pub(super) fn tell(&self, event: impl FnOnce() -> Event) -> Option<Waker> {
        // Without the lock, so that a stream that nobody reads costs no more than the counting.
        let count = |missed| (missed > 0).then_some(missed + 1);
        if self.missed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count).is_ok() {
            return None;
        }
        let mut queue = self.queue();
        if queue.events.len() >= CAPACITY || self.missed.load(Ordering::Relaxed) > 0 {
            self.missed.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        queue.events.push_back(event());
        queue.waker.take()
    }

    /// Takes no more events after the last one.
    pub(super) fn end(&self, last: Option<Event>) {
        let mut queue = self.queue();
        queue.last = last;
        queue.ended = true;
        let waker = queue.waker.take();
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether its stream was dropped.
    pub(super) fn is_forgotten(self: &Arc<Self>) -> bool {
        // The stream holds it too.
        Arc::strong_count(self) == 1
    }

    /// Takes the next event, and all those after it into `read`, which is empty.
    fn poll(&self, read: &mut VecDeque<Event>, context: &Context<'_>) -> Poll<Option<Event>> {
        let mut queue = self.queue();
        std::mem::swap(read, &mut queue.events);
        if let Some(event) = read.pop_front() {
            return Poll::Ready(Some(event));
        }
        match self.missed.swap(0, Ordering::Relaxed) {
            0 if queue.ended => Poll::Ready(queue.last.take()),
            0 => {
                queue.waker = Some(context.waker().clone());
                Poll::Pending
            }
            count => Poll::Ready(Some(Event::now(EventKind::Missed { count }))),
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        lock(&self.queue)
    }
}

/// The events of a run, as a stream. It ends with the run.
///
/// The run never waits for it. Up to 4,096 events wait to be read; those that come then are missed, and a
/// [`Missed`](EventKind::Missed) in their place says how many. The run's last event is never missed.
///
/// # Examples
///
/// ```
/// use dynagraph_runtime::{EventKind, Job};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let job = Job::compose("nothing", || ());
/// let run = job.run().start();
/// let mut events = run.events();
/// let watching = tokio::spawn(async move {
///     let mut ended = 0;
///     while let Some(event) = events.next().await {
///         match event.kind {
///             EventKind::StepSuccess { .. } | EventKind::StepFailure { .. } => ended += 1,
///             _ => {}
///         }
///     }
///     ended
/// });
/// assert!(run.await.is_ok());
/// assert_eq!(watching.await.unwrap(), 0);
/// # }
/// ```
#[must_use = "events do nothing until they are read"]
pub struct Events {
    reader: Arc<Reader>,
    /// What was taken of the queue, all at once, so that reading seldom keeps those who tell waiting.
    read: VecDeque<Event>,
}

impl Events {
    pub(super) fn new(reader: Arc<Reader>) -> Self {
        Self { reader, read: VecDeque::new() }
    }

    /// The next event. None after the last one.
    ///
    /// # Cancel safety
    ///
    /// No event is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        // A reader that always finds something lets others on its worker go on now and then.
        let budget = ready!(poll_proceed(context));
        let Self { reader, read } = &mut *self;
        let polled = match read.pop_front() {
            Some(event) => Poll::Ready(Some(event)),
            None => reader.poll(read, context),
        };
        if polled.is_ready() {
            budget.made_progress();
        }
        polled
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}
