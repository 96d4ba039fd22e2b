//! Every task of a run, so that none outlives it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use slab::Slab;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tracing::Dispatch;
use tracing::dispatcher;
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;

use super::Engine;
use super::blocking::Blocking;
use crate::graph::NodeId;
use crate::key::KeyPath;
use crate::sync::{lock, until};

/// The live tasks of a run.
///
/// What all tasks share is touched when one begins, when it waits for the first time, and when it ends.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    live: AtomicUsize,
    /// Those that wait are woken when they are to end.
    waiting: Mutex<Slab<Waker>>,
    /// Nobody can abort these.
    blocking: Mutex<Slab<Arc<Blocking>>>,
    closed: AtomicBool,
    gone: Notify,
}

/// A task that may be woken to end, until it is dropped.
struct Listed<'a> {
    tasks: &'a Tasks,
    place: Option<usize>,
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let waker = lock(&self.tasks.waiting).try_remove(place);
            drop(waker);
        }
    }
}

/// Counts a task, until it is dropped.
struct Counted {
    engine: Arc<Engine>,
    /// Its place among those that block.
    blocking: Option<usize>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.engine.fault(super::PANICKED);
        }
        let tasks = &self.engine.tasks;
        if let Some(place) = self.blocking {
            lock(&tasks.blocking).try_remove(place);
        }
        if tasks.live.fetch_sub(1, Ordering::SeqCst) == 1 {
            tasks.gone.notify_waiters();
        }
    }
}

impl Tasks {
    /// Aborts every task, and lets none start.
    pub(super) fn abort(&self) {
        self.closed.store(true, Ordering::SeqCst);
        let waiting: Vec<_> = lock(&self.waiting).iter().map(|(_, waker)| waker.clone()).collect();
        waiting.into_iter().for_each(Waker::wake);
    }

    fn are_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Drives a task to its end, or until it is aborted.
    async fn drive(&self, mut task: Pin<&mut impl Future<Output = ()>>) {
        let mut listed = Listed { tasks: self, place: None };
        poll_fn(|context| {
            if self.are_closed() || task.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            // Once is enough: a task is always woken in the same way.
            if listed.place.is_none() {
                let place = lock(&self.waiting).insert(context.waker().clone());
                listed.place = Some(place);
                // Whoever aborts all may not have seen it.
                if self.are_closed() {
                    return Poll::Ready(());
                }
            }
            Poll::Pending
        })
        .await;
    }

    /// The steps that block their threads now.
    pub(super) fn blocking(&self) -> Vec<(NodeId, KeyPath)> {
        lock(&self.blocking).iter().filter_map(|(_, blocking)| blocking.step()).collect()
    }

    /// Waits until no task is left.
    pub(super) async fn none_left(&self) {
        until(&self.gone, || (self.live.load(Ordering::SeqCst) == 0).then_some(())).await;
    }
}

impl Engine {
    /// Starts a task of the run. After the run's end, it does not start.
    ///
    /// It is made where it runs: a future that is moved into another one takes twice its room.
    pub(super) fn spawn<F>(self: &Arc<Self>, make: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        // Counted first: either the run's end waits for it, or it sees that the run has ended.
        let counted = self.count(None);
        if self.tasks.are_closed() {
            return;
        }
        let task = async move {
            let counted = counted;
            let task = pin!(make());
            counted.engine.tasks.drive(task).await;
        };
        match &self.subscriber {
            Some(subscriber) => {
                drop(self.handle.spawn(task.with_subscriber(subscriber.clone())));
            }
            None => drop(self.handle.spawn(task)),
        }
    }

    /// Does blocking work on a thread that may block.
    pub(super) fn spawn_blocking<T: Send + 'static>(
        self: &Arc<Self>,
        steps: Option<Arc<Blocking>>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let counted = self.count(steps);
        let subscriber = self.subscriber.clone();
        self.handle.spawn_blocking(move || {
            let _counted = counted;
            subscribed(subscriber.as_ref(), work)
        })
    }

    /// Does work that may wait for others, on a thread of its own.
    ///
    /// The runtime's blocking threads are few: were they all to wait, what they wait for could not run on them.
    pub(super) async fn on_own_thread<T: Send + 'static>(
        self: &Arc<Self>,
        steps: Arc<Blocking>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        let counted = self.count(Some(steps));
        let (done, result) = tokio::sync::oneshot::channel();
        let (runtime, subscriber) = (self.handle.clone(), self.subscriber.clone());
        let computing = Computing::new(self);
        computing.begin();
        let spawned =
            std::thread::Builder::new().name("dynagraph-emitter".to_owned()).spawn(move || {
                // Dropped last: while the run waits for this thread to be gone, paused time must not run on.
                let _computing = computing.on_this_thread();
                let _runtime = runtime.enter();
                let _counted = counted;
                // Nobody waits for the result once the run is dropped.
                let _unsent = done.send(subscribed(subscriber.as_ref(), work));
            });
        match spawned {
            Ok(_) => result.await.map_err(|_| "the emitter's thread died".to_owned()),
            Err(error) => Err(format!("no thread for the op: {error}")),
        }
    }

    fn count(self: &Arc<Self>, blocking: Option<Arc<Blocking>>) -> Counted {
        self.tasks.live.fetch_add(1, Ordering::SeqCst);
        let blocking = blocking.map(|blocking| lock(&self.tasks.blocking).insert(blocking));
        Counted { engine: Arc::clone(self), blocking }
    }
}

thread_local! {
    /// What the emitter that owns this thread is doing.
    static COMPUTING: RefCell<Option<Computing>> = const { RefCell::new(None) };
}

/// Whether an emitter's thread computes, rather than waits for room.
///
/// While it does, a blocking task of the runtime stands in for it: a runtime whose time is paused, which only a
/// current-thread one can be, lets time run on as soon as nothing else is to be done. It knows of blocking tasks, but not
/// of threads.
#[derive(Clone)]
pub(super) struct Computing {
    engine: Arc<Engine>,
    stand_in: Arc<Mutex<Option<StandIn>>>,
}

/// Keeps a blocking task, until it is dropped.
type StandIn = std::sync::mpsc::Sender<()>;

impl Computing {
    fn new(engine: &Arc<Engine>) -> Self {
        Self { engine: Arc::clone(engine), stand_in: Arc::default() }
    }

    /// The emitter that owns this thread.
    pub(super) fn here() -> Option<Self> {
        COMPUTING.with_borrow(Clone::clone)
    }

    pub(super) fn begin(&self) {
        if self.engine.handle.runtime_flavor() != RuntimeFlavor::CurrentThread {
            return;
        }
        let (stand_in, ended) = std::sync::mpsc::channel::<()>();
        *lock(&self.stand_in) = Some(stand_in);
        // Ends when the other end of the channel is dropped; nobody waits for it.
        drop(self.engine.spawn_blocking(None, move || ended.recv().is_ok()));
    }

    /// What stands for the computing: it ends when this is dropped.
    pub(super) fn take_stand_in(&self) -> Option<StandIn> {
        lock(&self.stand_in).take()
    }

    fn on_this_thread(self) -> impl Drop {
        struct OnThisThread;
        impl Drop for OnThisThread {
            fn drop(&mut self) {
                let computing = COMPUTING.with_borrow_mut(Option::take);
                if let Some(computing) = computing {
                    drop(computing.take_stand_in());
                }
            }
        }

        COMPUTING.with_borrow_mut(|computing| *computing = Some(self));
        OnThisThread
    }
}

/// The subscriber of the code that starts a run, which that of its threads may not be.
pub(super) fn subscriber() -> Option<Dispatch> {
    let subscriber = dispatcher::get_default(Dispatch::clone);
    (!subscriber.is::<NoSubscriber>()).then_some(subscriber)
}

fn subscribed<T>(subscriber: Option<&Dispatch>, work: impl FnOnce() -> T) -> T {
    match subscriber {
        Some(subscriber) => dispatcher::with_default(subscriber, work),
        None => work(),
    }
}

/// The runtime that this code runs in, if there is one.
pub(super) fn runtime() -> Option<Handle> {
    Handle::try_current().ok()
}
