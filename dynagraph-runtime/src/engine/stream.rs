//! The values of a fan-out in the order of emission, as they come.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, Weak};

use tokio::sync::Notify;

use super::again::Order;
use super::cause::CopyOf;
use super::fan_out::{Elements, Ending, FanOut};
use super::outcome::Outcome;
use crate::key::MappingKey;
use crate::plan::StreamArg;
use crate::sync::{lock, until};
use crate::value::Erased;

/// What one key of a fan-out gave.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) index: u64,
    pub(super) key: MappingKey,
    pub(super) values: Elements,
}

/// A stream, as a value of its instance.
#[derive(Debug, Clone)]
pub(super) struct StreamValue(pub(super) Arc<Stream>);

/// Puts what a fan-out's keys gave in order.
#[derive(Debug)]
pub(super) struct Stream {
    state: Mutex<State>,
    changed: Notify,
    /// Whether what was read is kept for readers that begin later.
    kept: bool,
    fan_out: Mutex<Weak<FanOut>>,
    /// The copy that it is a value of.
    home: OnceLock<CopyOf>,
}

#[derive(Debug, Default)]
struct State {
    /// In order, and ready to be read.
    ready: Vec<Entry>,
    /// The place after the last of `ready`.
    next: u64,
    /// Those that wait for an earlier one.
    early: BTreeMap<u64, Entry>,
    ending: Option<Ending>,
    /// How many the reader is done with.
    consumed: u64,
    /// How many it has read since, and may still hold.
    held: u64,
    /// Whether a retried producer may still change what was emitted.
    held_back: bool,
    /// Where the entries stand, if it did.
    order: Option<Arc<Order>>,
}

impl State {
    fn take(&mut self, mut entry: Entry) {
        if self.order.as_ref().is_some_and(|order| !order.moved(&mut entry.index)) {
            return;
        }
        if entry.index != self.next || self.held_back {
            self.early.insert(entry.index, entry);
            return;
        }
        let mut next = Some(entry);
        while let Some(entry) = next {
            self.next += 1;
            self.ready.push(entry);
            next = self.early.remove(&self.next);
        }
    }
}

impl Stream {
    /// A stream that is `held` gives nothing before it is released.
    pub(super) fn new(kept: bool, held: bool) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State { held_back: held, ..State::default() }),
            changed: Notify::new(),
            kept,
            fan_out: Mutex::default(),
            home: OnceLock::new(),
        })
    }

    pub(super) fn attach(&self, fan_out: &Arc<FanOut>) {
        *lock(&self.fan_out) = Arc::downgrade(fan_out);
        self.home.get_or_init(|| fan_out.frame.copy());
    }

    /// Takes what keys gave, in any order.
    pub(super) fn push(&self, entries: impl Iterator<Item = Entry>) {
        let mut state = lock(&self.state);
        for entry in entries {
            state.take(entry);
        }
        let wake = !state.ready.is_empty();
        drop(state);
        if wake {
            self.changed.notify_waiters();
        }
    }

    /// Gives what was emitted, which is final, in this order if not in that of the copies.
    pub(super) fn release(&self, order: Option<Arc<Order>>) {
        let mut state = lock(&self.state);
        state.held_back = false;
        state.order = order;
        for entry in std::mem::take(&mut state.early).into_values() {
            state.take(entry);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Takes no more.
    pub(super) fn close(&self, ending: Ending) {
        let mut state = lock(&self.state);
        // A zip whose sides failed has gaps.
        let rest = std::mem::take(&mut state.early);
        state.ready.extend(rest.into_values());
        state.ending = Some(ending);
        drop(state);
        self.changed.notify_waiters();
    }

    /// How many keys the reader is done with, if there is one that must keep up.
    pub(super) fn consumed(&self) -> Option<u64> {
        (!self.kept).then(|| lock(&self.state).consumed)
    }

    /// Reads what is there, at least one entry, or how the fan-out ended.
    ///
    /// A reader that reads on is done with what it read before.
    async fn read(&self, cursor: &mut usize) -> Result<Vec<Entry>, Ending> {
        self.let_go();
        until(&self.changed, || self.try_read(cursor)).await
    }

    fn let_go(&self) {
        let held = {
            let mut state = lock(&self.state);
            let held = std::mem::take(&mut state.held);
            state.consumed += held;
            held
        };
        let fan_out = if held > 0 { lock(&self.fan_out).upgrade() } else { None };
        if let Some(fan_out) = fan_out {
            fan_out.made_room();
        }
    }

    fn try_read(&self, cursor: &mut usize) -> Option<Result<Vec<Entry>, Ending>> {
        let mut state = lock(&self.state);
        if self.kept {
            let unread = state.ready.get(*cursor..).unwrap_or_default();
            if !unread.is_empty() {
                let unread = unread.to_vec();
                *cursor += unread.len();
                return Some(Ok(unread));
            }
        } else if !state.ready.is_empty() {
            let read = std::mem::take(&mut state.ready);
            state.held += read.len() as u64;
            return Some(Ok(read));
        }
        state.ending.clone().map(Err)
    }
}

/// Reads a stream, and the streams inside of it, to any depth.
#[derive(Debug)]
pub(super) struct Reader {
    /// The streams being read, outermost first, each with what was read and not given.
    open: Vec<Open>,
    depth: usize,
    /// How the streams that ended did, together.
    ending: Ending,
    given: u64,
}

#[derive(Debug)]
struct Open {
    stream: Arc<Stream>,
    cursor: usize,
    read: std::vec::IntoIter<Entry>,
    /// The keys above, as one.
    above: Option<MappingKey>,
}

impl Reader {
    pub(super) fn new(stream: &Outcome, arg: StreamArg) -> Self {
        let mut reader =
            Self { open: Vec::new(), depth: arg.depth, ending: Ending::Done, given: 0 };
        match stream {
            Outcome::Ready(value) => reader.enter(value, None),
            Outcome::Skipped => reader.ending = Ending::Skipped,
            Outcome::Failed(cause) => reader.ending = Ending::Failed(cause.clone()),
        }
        reader
    }

    fn enter(&mut self, stream: &Erased, above: Option<MappingKey>) {
        let StreamValue(stream) = stream.peek::<StreamValue>();
        let stream = Arc::clone(stream);
        self.open.push(Open { stream, cursor: 0, read: Vec::new().into_iter(), above });
    }

    /// The next entry in order, at any depth; or how the streams ended.
    ///
    /// Cancel safe: what was read is kept.
    pub(super) async fn next(&mut self) -> Result<Entry, Ending> {
        loop {
            if let Some(entry) = self.given_entry() {
                return Ok(entry);
            }
            let depth = self.open.len();
            let Some(innermost) = self.open.last_mut() else { return Err(self.ending.clone()) };
            match innermost.stream.read(&mut innermost.cursor).await {
                Ok(read) => innermost.read = read.into_iter(),
                // A fan-out inside a copy that was skipped is one that is left out.
                Err(Ending::Skipped) if depth > 1 => self.close(Ending::Done),
                Err(ending) => self.close(ending),
            }
        }
    }

    /// Leaves the innermost stream, and the copies that it and those around it are values of.
    fn close(&mut self, ending: Ending) {
        let homes = self.open.iter().skip(1).rev().filter_map(|open| open.stream.home.get());
        let ending = homes.fold(ending, Ending::leaving);
        self.open.pop();
        self.ending = self.ending.clone().and(ending);
    }

    /// An entry that was read before, if there is one: never waits.
    pub(super) fn given_entry(&mut self) -> Option<Entry> {
        loop {
            let depth = self.open.len();
            let innermost = self.open.last_mut()?;
            let mut entry = innermost.read.next()?;
            if let Some(above) = &innermost.above {
                entry.key = MappingKey::join(above, &entry.key);
            }
            if depth == self.depth {
                entry.index = self.given;
                self.given += 1;
                return Some(entry);
            }
            match entry.values.first() {
                Some(Outcome::Ready(stream)) => self.enter(&stream.clone(), Some(entry.key)),
                Some(Outcome::Failed(cause)) => {
                    let ending = Ending::Failed(cause.clone());
                    self.ending = self.ending.clone().and(ending);
                }
                Some(Outcome::Skipped) | None => {}
            }
        }
    }
}
