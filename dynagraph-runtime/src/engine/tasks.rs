//! Every task of a run, so that none outlives it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinHandle};
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
#[derive(Debug, Default)]
pub(super) struct Tasks {
    live: Mutex<Live>,
    gone: Notify,
}

#[derive(Debug, Default)]
struct Live {
    next: u64,
    tasks: HashMap<u64, Task>,
    closed: bool,
}

#[derive(Debug)]
enum Task {
    /// It has begun, or is about to.
    Begun,
    Abortable(AbortHandle),
    /// Nobody can abort it.
    Blocking(Arc<Blocking>),
}

/// Counts a task, until it is dropped.
struct Counted {
    engine: Arc<Engine>,
    id: u64,
}

impl Drop for Counted {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.engine.fault(super::PANICKED);
        }
        let tasks = &self.engine.tasks;
        lock(&tasks.live).tasks.remove(&self.id);
        tasks.gone.notify_waiters();
    }
}

impl Tasks {
    /// Aborts every task, and lets none start.
    pub(super) fn abort(&self) {
        let mut live = lock(&self.live);
        live.closed = true;
        for task in live.tasks.values() {
            if let Task::Abortable(task) = task {
                task.abort();
            }
        }
    }

    /// The steps that block their threads now.
    pub(super) fn blocking(&self) -> Vec<(NodeId, KeyPath)> {
        let live = lock(&self.live);
        let blocking = live.tasks.values().filter_map(|task| match task {
            Task::Blocking(blocking) => blocking.step(),
            Task::Begun | Task::Abortable(_) => None,
        });
        blocking.collect()
    }

    /// Waits until no task is left.
    pub(super) async fn none_left(&self) {
        until(&self.gone, || lock(&self.live).tasks.is_empty().then_some(())).await;
    }
}

impl Engine {
    /// Starts a task of the run. After the run's end, it does not start.
    pub(super) fn spawn(self: &Arc<Self>, future: impl Future<Output = ()> + Send + 'static) {
        if lock(&self.tasks.live).closed {
            return;
        }
        let counted = self.count(Task::Begun);
        let id = counted.id;
        // Not under the lock: a runtime that has shut down drops the future at once, and `Counted` locks.
        let future = async move {
            let _counted = counted;
            future.await;
        };
        let task = match &self.subscriber {
            Some(subscriber) => self.handle.spawn(future.with_subscriber(subscriber.clone())),
            None => self.handle.spawn(future),
        };
        let mut live = lock(&self.tasks.live);
        if live.closed {
            task.abort();
        } else if let Some(entry) = live.tasks.get_mut(&id) {
            *entry = Task::Abortable(task.abort_handle());
        }
    }

    /// Does blocking work on a thread that may block.
    pub(super) fn spawn_blocking<T: Send + 'static>(
        self: &Arc<Self>,
        steps: Option<Arc<Blocking>>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let counted = self.count(steps.map_or(Task::Begun, Task::Blocking));
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
        let counted = self.count(Task::Blocking(steps));
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

    fn count(self: &Arc<Self>, task: Task) -> Counted {
        let mut live = lock(&self.tasks.live);
        let id = live.next;
        live.next += 1;
        live.tasks.insert(id, task);
        Counted { engine: Arc::clone(self), id }
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
