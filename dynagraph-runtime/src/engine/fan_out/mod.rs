//! One fan-out of one instance: the keys that are emitted, the lanes that run them, and what gathers their values.

mod blocks;
mod item;
mod lanes;

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::{Notify, Semaphore};

use blocks::Slots;
pub(super) use blocks::Work;
pub(super) use item::{Elements, Ending, Item};
pub(super) use lanes::Taken;

use super::Engine;
use super::again::Order;
use super::block::Slot;
use super::frame::Frame;
use super::outcome::Outcome;
use super::shuffle::Shuffle;
use super::sink::{Sink, SinkBuffer};
use crate::graph::ScopeId;
use crate::key::MappingKey;
use crate::op::List;
use crate::plan::{DEFAULT_WINDOW, GatherKind, ScopePlan, Shape, Window};
use crate::sync::{lock, until};

/// How many keys of a fan-out may wait for a retry while as many as may run at once do.
const RESTING_LANES: usize = DEFAULT_WINDOW.get();

#[derive(Debug)]
pub(super) struct FanOut {
    pub(super) engine: Arc<Engine>,
    pub(super) scope: ScopeId,
    /// The instance that it belongs to.
    pub(super) frame: Arc<Frame>,
    pub(super) sinks: Vec<Sink>,
    /// How many keys run at once, where lanes do not say so by their number: the limit is shared with other fan-outs, or
    /// a lane may have to wait and let another one run.
    pub(super) key_slots: Option<Arc<Semaphore>>,
    /// Whether a key may have to wait for a retry, and gives its slot to others meanwhile.
    pub(super) may_rest: bool,
    state: Mutex<State>,
    window: u64,
    max_lanes: usize,
    /// How many lanes are started while there is work, before any of them has to wait.
    eager_lanes: usize,
    /// One permit for each idle lane that is told to go on.
    work: Semaphore,
    room: Notify,
    ended: Notify,
    /// Whether somebody ends it.
    closing: AtomicBool,
    over: AtomicBool,
    /// How many keys that go through their nodes together may have begun and not be done.
    most_at_once: u64,
    /// How many of them wait.
    waiting: AtomicUsize,
    /// Where they do.
    slots: Mutex<Slots>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Item>,
    /// What a producer returned, and nobody pulled yet.
    list: Option<Box<dyn List>>,
    /// How many keys were emitted; those of a list when they are pulled.
    emitted: u64,
    finished: u64,
    ending: Option<Ending>,
    lanes: usize,
    idle: usize,
    /// How many lanes have a key that waits.
    suspended: usize,
    /// How many producers wait for room.
    waiting: usize,
    /// How many keys were taken by lanes that take them together through their nodes.
    begun: u64,
    /// Where keys have waited, and were woken.
    woken: VecDeque<Arc<Slot>>,
    /// Says which key is taken next, if it is not the first.
    shuffle: Option<Shuffle>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("emitted", &self.emitted).finish_non_exhaustive()
    }
}

impl State {
    fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.list.is_none()
    }
}

impl FanOut {
    pub(super) fn new(engine: &Arc<Engine>, scope: ScopeId, frame: &Arc<Frame>) -> Arc<Self> {
        let plan = engine.plan.scope(scope);
        let lanes = engine.lanes(scope);
        let provisional = engine.is_provisional(scope);
        let has_streams =
            plan.gathers.iter().any(|gather| matches!(gather.kind, GatherKind::Stream { .. }));
        let window = match plan.window {
            // What reads the copies in order may come to them late, or never: nobody may wait for it.
            _ if has_streams && engine.is_read_late(scope) => u64::MAX,
            Window::Keys(keys) => keys.get() as u64,
            Window::Default => DEFAULT_WINDOW.get().max(lanes) as u64,
            Window::Unbounded => u64::MAX,
        };
        let shape = engine.shape(scope);
        let shared = plan.limit_owner.and_then(|up| frame.up(up - 1).limit(scope));
        // Of a key that has fan-outs of its own, something may run while a step rests.
        let may_rest = plan.children.is_empty() && engine.may_rest(scope);
        let max_lanes = if may_rest { lanes.saturating_add(RESTING_LANES) } else { lanes };
        let counted = may_rest || engine.may_linger(scope);
        let own = || counted.then(|| Arc::new(Semaphore::new(lanes.min(Semaphore::MAX_PERMITS))));
        // Blocking keys that wait do not say so: all lanes are started while there is work.
        let eager = if shape == Shape::Blocking { lanes } else { engine.workers };
        let fan_out = Arc::new(Self {
            engine: Arc::clone(engine),
            scope,
            frame: Arc::clone(frame),
            sinks: plan.gathers.iter().map(|gather| Sink::new(gather.kind, provisional)).collect(),
            key_slots: shared.or_else(own),
            may_rest,
            state: Mutex::new(State {
                shuffle: Shuffle::of(engine, scope, frame),
                ..State::default()
            }),
            window,
            max_lanes,
            eager_lanes: eager.min(lanes),
            work: Semaphore::new(0),
            room: Notify::new(),
            ended: Notify::new(),
            closing: AtomicBool::new(false),
            over: AtomicBool::new(false),
            most_at_once: if shape == Shape::Blocking { u64::MAX } else { lanes as u64 },
            waiting: AtomicUsize::new(0),
            slots: Mutex::default(),
        });
        for sink in &fan_out.sinks {
            if let Sink::Stream(stream) = sink {
                stream.attach(&fan_out);
            }
        }
        fan_out
    }

    pub(super) fn plan(&self) -> &ScopePlan {
        self.engine.plan.scope(self.scope)
    }

    /// How many more keys may be emitted now.
    fn room_in(&self, state: &State) -> u64 {
        if self.window == u64::MAX {
            return u64::MAX;
        }
        let consumed = self.sinks.iter().filter_map(Sink::consumed);
        let in_flight = state.emitted - consumed.fold(state.finished, u64::min);
        self.window.saturating_sub(in_flight)
    }

    /// Whether a key may be emitted now.
    pub(super) fn has_room(&self) -> bool {
        self.window == u64::MAX || self.room_in(&lock(&self.state)) > 0
    }

    /// Waits until a key may be emitted, or the run is over.
    pub(super) async fn room(&self) {
        struct Waiting<'a>(&'a FanOut);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                lock(&self.0.state).waiting -= 1;
            }
        }

        if self.has_room() {
            return;
        }
        lock(&self.state).waiting += 1;
        let _waiting = Waiting(self);
        tokio::select! {
            biased;
            () = until(&self.room, || self.has_room().then_some(())) => {}
            () = self.engine.stop.stopped() => {}
        }
    }

    /// Lets producers go on, if keys have finished.
    pub(super) fn made_room(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        if state.waiting == 0 && state.list.is_none() {
            return;
        }
        // Waking for every key would cost more than the key.
        let room = self.room_in(&state);
        if room < (self.window / 4).max(1) {
            return;
        }
        let lanes = self.call_for_list(&mut state, room);
        drop(state);
        self.start_lanes(lanes);
        self.room.notify_waiters();
    }

    /// Emits a key.
    pub(super) fn push(self: &Arc<Self>, key: MappingKey, elements: Elements) {
        let state = lock(&self.state);
        let index = state.emitted;
        self.push_in(state, Item { index, key, elements });
    }

    /// Emits a key whose place is known.
    pub(super) fn push_at(self: &Arc<Self>, item: Item) {
        self.push_in(lock(&self.state), item);
    }

    fn push_in(self: &Arc<Self>, mut state: MutexGuard<'_, State>, item: Item) {
        state.queue.push_back(item);
        state.emitted += 1;
        let lanes = self.call_lanes(&mut state, 1);
        drop(state);
        self.start_lanes(lanes);
    }

    /// Emits all keys of a list, which lanes pull.
    pub(super) fn feed(self: &Arc<Self>, list: Box<dyn List>) {
        let mut state = lock(&self.state);
        if list.remaining() == 0 {
            return;
        }
        state.list = Some(list);
        let lanes = self.call_for_list(&mut state, self.window);
        drop(state);
        self.start_lanes(lanes);
    }

    #[must_use]
    fn call_for_list(&self, state: &mut State, room: u64) -> usize {
        let keys = state.list.as_ref().map_or(0, |list| list.remaining());
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        self.call_lanes(state, keys.min(room))
    }

    /// The producer has succeeded: what it emitted is final, and stands in this order if not in that of the copies.
    pub(super) fn settle_order(self: &Arc<Self>, order: Option<Order>) {
        let order = order.map(Arc::new);
        for sink in &self.sinks {
            sink.settle_order(order.as_ref());
        }
        let Some(order) = order else { return };
        let unbegun = self.take_discarded(&order);
        let places: HashSet<_> = unbegun.iter().map(|item| item.index).collect();
        for place in order.discarded() {
            let begun = !places.contains(&place);
            self.engine.discarded.add(self.scope, &self.frame.path, place, begun);
        }
        let gathers = &self.plan().gathers;
        let mut buffers: Vec<_> = self.sinks.iter().map(Sink::buffer).collect();
        for Item { index, key, .. } in &unbegun {
            for (gather, buffer) in gathers.iter().zip(&mut buffers) {
                let skipped = gather.cells.iter().map(|_| Outcome::Skipped);
                buffer.add(&self.engine, *index, key, skipped);
            }
        }
        self.finish(&mut buffers, unbegun.len() as u64, false);
    }

    /// Takes the keys that are discarded and were not begun.
    fn take_discarded(&self, order: &Order) -> Vec<Item> {
        let mut state = lock(&self.state);
        let queue = std::mem::take(&mut state.queue).into_iter();
        let (kept, discarded): (Vec<_>, Vec<_>) =
            queue.partition(|item| order.new_place(item.index).is_some());
        state.queue = kept.into();
        state.begun += discarded.len() as u64;
        discarded
    }

    /// Emits no more keys.
    pub(super) fn close(self: &Arc<Self>, ending: Ending) {
        let mut state = lock(&self.state);
        state.ending.get_or_insert(ending);
        self.end_if_over(state);
    }

    /// Takes what keys gave; `count` of them have finished, the last one after it was [suspended](Self::suspend) or not.
    pub(super) fn finish(
        self: &Arc<Self>,
        buffers: &mut [SinkBuffer],
        count: u64,
        suspended: bool,
    ) {
        for (sink, buffer) in self.sinks.iter().zip(buffers) {
            sink.absorb(buffer);
        }
        let mut state = lock(&self.state);
        state.finished += count;
        state.suspended -= usize::from(suspended);
        let held_back = state.waiting > 0 || state.list.is_some();
        self.end_if_over(state);
        if held_back {
            self.made_room();
        }
    }

    fn end_if_over(self: &Arc<Self>, state: MutexGuard<'_, State>) {
        let over = state.is_empty() && state.finished == state.emitted;
        let Some(ending) = state.ending.clone().filter(|_| over) else { return };
        let emitted = state.emitted;
        drop(state);
        if self.closing.swap(true, Ordering::SeqCst) {
            return;
        }
        for sink in &self.sinks {
            if !sink.close(&ending, emitted) {
                self.engine.fault("a fan-out ended without the values of all its keys");
            }
        }
        for cell in &self.plan().captures {
            self.frame.cell(*cell).release();
        }
        self.work.close();
        // Only now: who waits for it takes what the sinks have.
        self.over.store(true, Ordering::SeqCst);
        self.ended.notify_waiters();
    }

    /// Waits until every key is finished.
    pub(super) async fn ended(&self) {
        until(&self.ended, || self.over.load(Ordering::SeqCst).then_some(())).await;
    }
}
