//! One fan-out of one instance: the keys that are emitted, the lanes that run them, and what gathers their values.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::{Notify, Semaphore};

use super::cell::lock;
use super::frame::Frame;
use super::outcome::{Fate, Outcome};
use super::stream::{Entry, Stream};
use super::{Engine, lane};
use crate::graph::ScopeId;
use crate::key::MappingKey;
use crate::op::List;
use crate::plan::{GatherKind, ScopePlan, Shape, Window};
use crate::value::Erased;

/// One emitted key, and what its instance is given.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) index: u64,
    pub(super) key: MappingKey,
    pub(super) elements: Elements,
}

/// What an instance is given: most are given one value, which needs no list.
#[derive(Debug)]
pub(super) enum Elements {
    One(Outcome),
    Many(Vec<Outcome>),
}

impl Elements {
    pub(super) fn ready(value: Erased) -> Self {
        Self::One(Outcome::Ready(value))
    }

    pub(super) fn each(self, mut give: impl FnMut(usize, Outcome)) {
        match self {
            Self::One(element) => give(0, element),
            Self::Many(elements) => {
                for (place, element) in elements.into_iter().enumerate() {
                    give(place, element);
                }
            }
        }
    }
}

/// How the emission of keys ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Done,
    Skipped,
    Failed,
}

impl From<Fate> for Ending {
    fn from(fate: Fate) -> Self {
        match fate {
            Fate::Ready => Self::Done,
            Fate::Skipped => Self::Skipped,
            Fate::Failed => Self::Failed,
        }
    }
}

#[derive(Debug)]
pub(super) struct FanOut {
    pub(super) engine: Arc<Engine>,
    pub(super) scope: ScopeId,
    /// The instance that it belongs to.
    pub(super) frame: Arc<Frame>,
    pub(super) sinks: Vec<Sink>,
    /// A limit that it shares with the same fan-out of other instances.
    pub(super) shared_limit: Option<Arc<Semaphore>>,
    state: Mutex<State>,
    window: u64,
    max_lanes: usize,
    /// How many lanes are started while there is work, before any of them has to wait.
    eager_lanes: usize,
    /// One permit for each idle lane that is told to go on.
    work: Semaphore,
    room: Notify,
    ended: Notify,
    over: AtomicBool,
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
    /// How many producers wait for room.
    waiting: usize,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("emitted", &self.emitted).finish_non_exhaustive()
    }
}

impl State {
    fn has_work(&self) -> bool {
        !self.queue.is_empty() || self.list.is_some()
    }

    fn work(&self) -> usize {
        self.queue.len() + self.list.as_ref().map_or(0, |list| list.remaining())
    }
}

impl FanOut {
    pub(super) fn new(engine: &Arc<Engine>, scope: ScopeId, frame: &Arc<Frame>) -> Arc<Self> {
        let plan = engine.plan.scope(scope);
        let lanes = engine.lanes(plan);
        let window = match plan.window {
            Window::Keys(keys) => keys.get() as u64,
            Window::Default => (crate::plan::DEFAULT_WINDOW.max(lanes)) as u64,
            Window::Unbounded => u64::MAX,
        };
        let shared = plan.limit_owner.and_then(|up| frame.up(up - 1).limit(scope));
        let eager = if plan.shape == Shape::Blocking { engine.cores } else { engine.workers };
        let fan_out = Arc::new(Self {
            engine: Arc::clone(engine),
            scope,
            frame: Arc::clone(frame),
            sinks: plan.gathers.iter().map(|gather| Sink::new(gather.kind)).collect(),
            shared_limit: shared,
            state: Mutex::default(),
            window,
            max_lanes: lanes,
            eager_lanes: eager.min(lanes),
            work: Semaphore::new(0),
            room: Notify::new(),
            ended: Notify::new(),
            over: AtomicBool::new(false),
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

    // Emission.

    /// Whether a key may be emitted now.
    pub(super) fn has_room(&self) -> bool {
        self.window == u64::MAX || self.in_flight(&lock(&self.state)) < self.window
    }

    fn in_flight(&self, state: &State) -> u64 {
        let streams = self.sinks.iter().filter_map(|sink| match sink {
            Sink::Stream(stream) => Some(stream.consumed()),
            Sink::Collect(_) => None,
        });
        state.emitted - streams.fold(state.finished, u64::min)
    }

    /// Waits until a key may be emitted, or the run is over.
    pub(super) async fn room(&self) {
        lock(&self.state).waiting += 1;
        loop {
            let mut made = std::pin::pin!(self.room.notified());
            made.as_mut().enable();
            if self.has_room() || self.engine.stop.is_stopped() {
                break;
            }
            tokio::select! {
                () = made => {}
                () = self.engine.stop.stopped() => break,
            }
        }
        lock(&self.state).waiting -= 1;
    }

    /// Lets producers go on, if keys have finished.
    pub(super) fn made_room(&self) {
        let state = lock(&self.state);
        if state.waiting == 0 {
            return;
        }
        // Waking for every key would cost more than the key.
        let enough = self.window - (self.window / 4).max(1);
        if self.in_flight(&state) <= enough {
            drop(state);
            self.room.notify_waiters();
        }
    }

    /// Emits a key.
    pub(super) fn push(self: &Arc<Self>, key: MappingKey, elements: Elements) {
        let mut state = lock(&self.state);
        let index = state.emitted;
        self.push_in(&mut state, Item { index, key, elements });
    }

    /// Emits a key whose place is known.
    pub(super) fn push_at(self: &Arc<Self>, item: Item) {
        self.push_in(&mut lock(&self.state), item);
    }

    fn push_in(self: &Arc<Self>, state: &mut State, item: Item) {
        state.queue.push_back(item);
        state.emitted += 1;
        self.call_lanes(state, 1, self.eager_lanes);
    }

    /// Emits all keys of a list, which lanes pull.
    pub(super) fn feed(self: &Arc<Self>, list: Box<dyn List>) {
        let mut state = lock(&self.state);
        let work = list.remaining();
        if work > 0 {
            state.list = Some(list);
            self.call_lanes(&mut state, work, self.eager_lanes);
        }
    }

    /// Emits no more keys.
    pub(super) fn close(self: &Arc<Self>, ending: Ending) {
        let mut state = lock(&self.state);
        state.ending.get_or_insert(ending);
        self.end_if_over(state);
    }

    // Lanes.

    /// Wakes or starts lanes for so many keys.
    fn call_lanes(self: &Arc<Self>, state: &mut State, keys: usize, at_most: usize) {
        for _ in 0..keys.min(at_most) {
            if state.idle > 0 {
                state.idle -= 1;
                self.work.add_permits(1);
            } else if state.lanes < at_most {
                state.lanes += 1;
                self.engine.spawn(lane::run(Arc::clone(self)));
            } else {
                return;
            }
        }
    }

    /// Whether a key waits to be taken.
    pub(super) fn has_work(&self) -> bool {
        lock(&self.state).has_work()
    }

    /// A lane's key waits for something: somebody else may take the others.
    pub(super) fn suspended(self: &Arc<Self>, rest: &mut VecDeque<Item>) {
        let mut state = lock(&self.state);
        while let Some(item) = rest.pop_back() {
            state.queue.push_front(item);
        }
        if state.has_work() {
            self.call_lanes(&mut state, 1, self.max_lanes);
        }
    }

    /// Takes up to `count` keys, in the order of emission.
    pub(super) fn take(&self, count: usize, block: &mut VecDeque<Item>) {
        if self.engine.stop.is_stopped() {
            return;
        }
        let mut state = lock(&self.state);
        // The last keys are shared by all lanes.
        let fair = (state.work() / (2 * self.eager_lanes)).max(1);
        let count = count.min(fair);
        while block.len() < count {
            if let Some(item) = state.queue.pop_front() {
                block.push_back(item);
                continue;
            }
            let Some(list) = &mut state.list else { break };
            match list.next() {
                Some((key, value)) => {
                    let index = state.emitted;
                    state.emitted += 1;
                    block.push_back(Item { index, key, elements: Elements::ready(value) });
                }
                None => state.list = None,
            }
        }
        if state.list.as_ref().is_some_and(|list| list.remaining() == 0) {
            state.list = None;
        }
    }

    /// Waits for keys. Says whether there may be some; if not, the lane ends.
    pub(super) async fn more(&self) -> bool {
        {
            let mut state = lock(&self.state);
            if state.has_work() {
                return true;
            }
            if state.ending.is_some() {
                state.lanes -= 1;
                return false;
            }
            state.idle += 1;
        }
        match self.work.acquire().await {
            Ok(permit) => {
                permit.forget();
                true
            }
            Err(_) => false,
        }
    }

    // The end.

    /// Takes what keys gave; `count` of them have finished.
    pub(super) fn finish(self: &Arc<Self>, buffers: &mut [SinkBuffer], count: u64) {
        for (sink, buffer) in self.sinks.iter().zip(buffers) {
            sink.absorb(buffer);
        }
        let mut state = lock(&self.state);
        state.finished += count;
        let waiting = state.waiting > 0;
        self.end_if_over(state);
        if waiting {
            self.made_room();
        }
    }

    fn end_if_over(self: &Arc<Self>, state: std::sync::MutexGuard<'_, State>) {
        let Some(ending) = state.ending else { return };
        let over = !state.has_work() && state.finished == state.emitted;
        let emitted = state.emitted;
        drop(state);
        if !over || self.over.swap(true, Ordering::SeqCst) {
            return;
        }
        for sink in &self.sinks {
            if !sink.close(ending, emitted) {
                self.engine.fault("a fan-out ended without the values of all its keys");
            }
        }
        for cell in &self.plan().captures {
            self.frame.cell(*cell).release();
        }
        self.work.close();
        self.ended.notify_waiters();
    }

    /// Waits until every key is finished.
    pub(super) async fn ended(&self) {
        loop {
            let mut ended = std::pin::pin!(self.ended.notified());
            ended.as_mut().enable();
            if self.over.load(Ordering::SeqCst) {
                return;
            }
            ended.await;
        }
    }
}

/// What gathers one value, or several, of every instance.
#[derive(Debug)]
pub(super) enum Sink {
    Collect(Mutex<Collected>),
    Stream(Arc<Stream>),
}

#[derive(Debug)]
pub(super) struct Collected {
    pub(super) values: SinkBuffer,
    pub(super) fate: Fate,
    taken: u64,
}

/// What a lane holds for a sink until it passes it on.
#[derive(Debug)]
pub(super) enum SinkBuffer {
    Values(Vec<(u64, Outcome)>),
    Keyed(Vec<(u64, MappingKey, Outcome)>),
    Entries(Vec<Entry>),
}

impl SinkBuffer {
    pub(super) fn new(kind: GatherKind) -> Self {
        match kind {
            GatherKind::Collect { keyed: false } => Self::Values(Vec::new()),
            GatherKind::Collect { keyed: true } => Self::Keyed(Vec::new()),
            GatherKind::Stream { .. } => Self::Entries(Vec::new()),
        }
    }

    /// Adds what one key gave.
    pub(super) fn add(
        &mut self,
        index: u64,
        key: &MappingKey,
        mut values: impl Iterator<Item = Outcome>,
    ) {
        match self {
            Self::Values(buffer) => buffer.extend(values.next().map(|value| (index, value))),
            Self::Keyed(buffer) => {
                buffer.extend(values.next().map(|value| (index, key.clone(), value)));
            }
            Self::Entries(buffer) => {
                buffer.push(Entry { index, key: key.clone(), values: values.collect() });
            }
        }
    }
}

impl Sink {
    fn new(kind: GatherKind) -> Self {
        match kind {
            GatherKind::Collect { .. } => Self::Collect(Mutex::new(Collected {
                values: SinkBuffer::new(kind),
                fate: Fate::Ready,
                taken: 0,
            })),
            GatherKind::Stream { kept } => Self::Stream(Stream::new(kept)),
        }
    }

    pub(super) fn absorb(&self, buffer: &mut SinkBuffer) {
        match (self, buffer) {
            (Self::Collect(collected), SinkBuffer::Values(buffer)) => {
                let mut collected = lock(collected);
                collected.taken += buffer.len() as u64;
                let failed = buffer.iter().any(|(_, value)| value.fate() == Fate::Failed);
                collected.note(failed);
                if let SinkBuffer::Values(values) = &mut collected.values {
                    values.append(buffer);
                }
            }
            (Self::Collect(collected), SinkBuffer::Keyed(buffer)) => {
                let mut collected = lock(collected);
                collected.taken += buffer.len() as u64;
                let failed = buffer.iter().any(|(_, _, value)| value.fate() == Fate::Failed);
                collected.note(failed);
                if let SinkBuffer::Keyed(values) = &mut collected.values {
                    values.append(buffer);
                }
            }
            (Self::Stream(stream), SinkBuffer::Entries(buffer)) => stream.push(buffer.drain(..)),
            _ => unreachable!("a sink's buffer is of its kind"),
        }
    }

    /// Takes no more. Says whether it has the values of all keys.
    fn close(&self, ending: Ending, emitted: u64) -> bool {
        match self {
            Self::Collect(collected) => {
                let mut collected = lock(collected);
                collected.fate = collected.fate.and(match ending {
                    Ending::Done => Fate::Ready,
                    Ending::Skipped => Fate::Skipped,
                    Ending::Failed => Fate::Failed,
                });
                collected.taken == emitted
            }
            Self::Stream(stream) => {
                stream.close(ending);
                true
            }
        }
    }
}

impl Collected {
    fn note(&mut self, failed: bool) {
        if failed {
            self.fate = Fate::Failed;
        }
    }
}
