//! Who is told of a run's events.

use std::cell::LazyCell;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::task::Waker;

use super::guest::Guest;
use super::stream::{Events, Reader};
use super::{Event, EventKind};

/// Is told of everything that happens in a run, where it happens: what it does, the run waits for.
///
/// It is called by several threads at once.
/// One that panics is not called again, and the run goes on.
/// A closure of `&Event` is an observer: `run().observe(|event: &Event| ..)`. [`Run::on_event`](crate::Run::on_event) takes
/// one without the type.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use dynagraph_runtime::{Event, EventKind, Observer};
///
/// #[derive(Default)]
/// struct Retries(AtomicU64);
///
/// impl Observer for Retries {
///     fn on_event(&self, event: &Event) {
///         if let EventKind::StepUpForRetry { .. } = event.kind {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
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
    /// Whether there are any, so that with nobody listening no event is made.
    any: AtomicBool,
    observers: Vec<Guest<dyn Observer>>,
    /// None before the run and after its end.
    readers: RwLock<Option<Vec<Arc<Reader>>>>,
}

impl Listeners {
    /// Those who listen to a run that is about to begin.
    pub(crate) fn new(observers: Vec<Arc<dyn Observer>>) -> Self {
        Self {
            any: AtomicBool::new(!observers.is_empty()),
            observers: observers.into_iter().map(Guest::new).collect(),
            readers: RwLock::new(Some(Vec::new())),
        }
    }

    /// Whether somebody listens.
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// Tells everybody who listens. The event is only made if somebody takes it.
    pub(crate) fn tell(&self, kind: impl FnOnce() -> EventKind) {
        if self.any() {
            self.tell_all(kind);
        }
    }

    #[cold]
    fn tell_all(&self, kind: impl FnOnce() -> EventKind) {
        let event = LazyCell::new(|| Event::now(kind()));
        let mut some_left = self.observe(&event);
        let mut wakers: Vec<Waker> = Vec::new();
        for reader in self.readers().iter().flatten() {
            if reader.is_forgotten() {
                some_left = true;
            } else {
                wakers.extend(reader.tell(|| Event::clone(&event)));
            }
        }
        wakers.into_iter().for_each(Waker::wake);
        if some_left {
            self.forget();
        }
    }

    /// Tells the observers. Says whether one of them panicked.
    fn observe<F: FnOnce() -> Event>(&self, event: &LazyCell<Event, F>) -> bool {
        let mut panicked = false;
        for observer in self.observers.iter().filter(|observer| observer.is_welcome()) {
            observer.call(|observer| observer.on_event(event));
            panicked |= !observer.is_welcome();
        }
        panicked
    }

    /// A stream of the events from now on.
    pub(crate) fn subscribe(&self) -> Events {
        let reader = Arc::new(Reader::default());
        match &mut *self.readers_mut() {
            Some(readers) => {
                readers.push(Arc::clone(&reader));
                self.any.store(true, Ordering::Relaxed);
            }
            None => reader.end(None),
        }
        Events::new(reader)
    }

    /// Tells the last event, and ends the streams: nobody is told anything after it.
    pub(crate) fn end(&self, kind: impl FnOnce() -> EventKind) {
        let event = LazyCell::new(|| Event::now(kind()));
        if self.any() {
            self.observe(&event);
        }
        let readers = {
            let mut readers = self.readers_mut();
            self.any.store(false, Ordering::Relaxed);
            readers.take()
        };
        for reader in readers.iter().flatten() {
            reader.end(Some(Event::clone(&event)));
        }
    }

    /// Forgets those who do not listen any more.
    fn forget(&self) {
        let mut readers = self.readers_mut();
        let Some(readers) = &mut *readers else { return };
        readers.retain(|reader| !reader.is_forgotten());
        let any = !readers.is_empty() || self.observers.iter().any(Guest::is_welcome);
        self.any.store(any, Ordering::Relaxed);
    }

    fn readers(&self) -> RwLockReadGuard<'_, Option<Vec<Arc<Reader>>>> {
        self.readers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn readers_mut(&self) -> RwLockWriteGuard<'_, Option<Vec<Arc<Reader>>>> {
        self.readers.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listeners").field("any", &self.any).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::AtomicUsize;

    use super::super::stream::CAPACITY;
    use super::*;

    fn progress(done: u64) -> EventKind {
        let step = crate::key::StepKey::new("step".into(), crate::key::KeyPath::root());
        EventKind::StepProgress { step, done, total: 0 }
    }

    fn text(event: &Event) -> String {
        match &event.kind {
            EventKind::StepProgress { done, .. } => done.to_string(),
            EventKind::Missed { count } => format!("missed {count}"),
            kind => format!("{kind:?}"),
        }
    }

    async fn read(events: &mut Events) -> String {
        events.next().await.as_ref().map_or_else(|| "nothing".to_owned(), text)
    }

    #[test]
    fn with_nobody_listening_no_event_is_made() {
        let listeners = Listeners::new(Vec::new());
        listeners.tell(|| unreachable!("nobody listens"));
        drop(listeners.subscribe());
        assert!(listeners.any());
        listeners.tell(|| unreachable!("the only stream is gone"));
        assert!(!listeners.any());
        listeners.end(|| unreachable!("nobody listens"));
    }

    #[tokio::test]
    async fn a_full_stream_counts_what_it_misses_where_it_does_and_makes_no_event() {
        let listeners = Listeners::new(Vec::new());
        let mut events = listeners.subscribe();
        for done in 0..CAPACITY as u64 {
            listeners.tell(|| progress(done));
        }
        listeners.tell(|| unreachable!("nobody takes it"));
        listeners.tell(|| unreachable!("nobody takes it"));
        for done in 0..CAPACITY {
            assert_eq!(read(&mut events).await, done.to_string());
        }
        assert_eq!(read(&mut events).await, "missed 2");
        listeners.tell(|| progress(1));
        assert_eq!(read(&mut events).await, "1");
    }

    #[tokio::test]
    async fn a_full_stream_still_has_the_last_event_after_what_it_missed() {
        let listeners = Listeners::new(Vec::new());
        let mut events = listeners.subscribe();
        for done in 0..=CAPACITY as u64 {
            listeners.tell(|| progress(done));
        }
        listeners.end(|| EventKind::RunSuccess);
        for _ in 0..CAPACITY {
            read(&mut events).await;
        }
        assert_eq!(read(&mut events).await, "missed 1");
        assert_eq!(read(&mut events).await, "RunSuccess");
        assert_eq!(read(&mut events).await, "nothing");
        assert_eq!(read(&mut events).await, "nothing");
    }

    #[tokio::test]
    async fn after_the_end_nobody_is_told_anything() {
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&seen);
        let observer = move |_: &Event| {
            counted.fetch_add(1, Ordering::Relaxed);
        };
        let listeners = Listeners::new(vec![Arc::new(observer)]);
        listeners.end(|| EventKind::RunSuccess);
        listeners.end(|| EventKind::RunCanceled);
        listeners.tell(|| progress(1));
        assert_eq!(seen.load(Ordering::Relaxed), 1);
        assert_eq!(read(&mut listeners.subscribe()).await, "nothing");
    }

    #[tokio::test]
    async fn a_waiting_reader_is_woken_by_an_event_and_by_the_end() {
        let listeners = Arc::new(Listeners::new(Vec::new()));
        let mut events = listeners.subscribe();
        let reading = tokio::spawn(async move {
            let first = read(&mut events).await;
            (first, read(&mut events).await)
        });
        tokio::task::yield_now().await;
        listeners.tell(|| progress(1));
        tokio::task::yield_now().await;
        listeners.end(|| EventKind::RunSuccess);
        let (first, last) = reading.await.expect("the reader ends");
        assert_eq!((&*first, &*last), ("1", "RunSuccess"));
    }

    #[test]
    fn an_observer_that_panics_is_not_called_again_and_the_others_are() {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let observer = |name: &'static str| -> Arc<dyn Observer> {
            let calls = Arc::clone(&calls);
            Arc::new(move |_: &Event| {
                calls.lock().unwrap().push(name);
                assert_ne!(name, "bad", "on purpose");
            })
        };
        let listeners = Listeners::new(vec![observer("bad"), observer("good")]);
        listeners.tell(|| progress(1));
        listeners.tell(|| progress(2));
        assert_eq!(*calls.lock().unwrap(), ["bad", "good", "good"]);
    }

    #[test]
    fn with_only_observers_that_panicked_nobody_listens() {
        let listeners = Listeners::new(vec![Arc::new(|_: &Event| panic!("on purpose"))]);
        listeners.tell(|| progress(1));
        assert!(!listeners.any());
    }

    #[tokio::test]
    async fn what_several_threads_tell_is_read_or_counted() {
        const EACH: u64 = 20_000;
        let listeners = Arc::new(Listeners::new(Vec::new()));
        let mut events = listeners.subscribe();
        let teller = || {
            let listeners = Arc::clone(&listeners);
            std::thread::spawn(move || (0..EACH).for_each(|done| listeners.tell(|| progress(done))))
        };
        let tellers = [teller(), teller(), teller()];
        let ending = std::thread::spawn({
            let listeners = Arc::clone(&listeners);
            move || {
                for teller in tellers {
                    teller.join().unwrap();
                }
                listeners.end(|| EventKind::RunSuccess);
            }
        });
        let mut told = 0;
        while let Some(event) = events.next().await {
            told += if let EventKind::Missed { count } = event.kind { count } else { 1 };
        }
        assert_eq!(told, 3 * EACH + 1);
        ending.join().unwrap();
    }
}
