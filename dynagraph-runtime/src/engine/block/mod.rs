//! Takes many keys through a straight chain together, node by node: each op is called for all of them in a row.
//!
//! The values of a node are a column, typed; nothing is made for a single key. A key that fails leaves the block where it
//! is; one that has to wait is left in a slot, and the block goes on without it.

mod alike;
mod settle;
mod slot;
mod steps;
mod waiting;

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

pub(super) use slot::Slot;
pub(super) use waiting::Waiting;

use super::around::{Around, Key};
use super::blocking::Blocking;
use super::fan_out::{FanOut, Item};
use super::ledger::Tally;
use super::outcome::Outcome;
use super::places::Places;
use super::sink::{Sink, SinkBuffer};
use crate::key::MappingKey;
use crate::op::{List, OpResult};
use crate::step::Repeats;
use crate::value::Column;

/// The most keys of a block.
const MAX: usize = 64;
/// The same on a thread that may block: whoever blocks keeps those behind it waiting.
pub(super) const MAX_BLOCKING: usize = 16;
/// A block that takes less is followed by a longer one, one that takes more by a shorter one.
const TIME: Duration = Duration::from_micros(50);

/// How many keys to take next.
#[must_use]
pub(super) fn next_size(size: usize, took: Duration) -> usize {
    if took < TIME { (size * 2).min(MAX) } else { (size / 4).max(1) }
}

/// Some keys of a fan-out on their way, and what it takes to run them.
#[derive(Debug)]
pub(super) struct Block {
    around: Around,
    tally: Tally,
    /// Those that the next node is done with, then those that it is not.
    keys: VecDeque<Key>,
    /// The next node.
    at: usize,
    /// The values before each node, and after the last.
    columns: Box<[Column]>,
    /// Where attempts go on.
    places: Places,
    /// What the last op gave.
    given: Option<OpResult>,
    /// By node: what keys failed with last.
    repeats: Box<[Repeats]>,
    /// Empty, with the room that keys took which failed alike.
    failed: Vec<(u64, MappingKey)>,
    /// Keys that were emitted without a value.
    missing: Vec<(Key, Outcome)>,
    /// What the keys gave, until it is passed on.
    buffers: Vec<SinkBuffer>,
    /// How many keys are done, and not told of.
    done: u64,
    /// How many keys to take next.
    size: usize,
    /// When it went on to take keys, if it has not waited since.
    since: Option<Instant>,
    /// Where it says which step it is at, on a thread that may block.
    blocking: Option<Arc<Blocking>>,
}

/// How far the keys of a block have come.
#[derive(Debug)]
#[must_use]
pub(super) enum Left {
    /// All are done.
    Done,
    /// The run is told to stop.
    Stopped,
    /// One has to wait. The others go on without it.
    Waits(Waiting),
}

impl Block {
    /// A block without keys.
    pub(super) fn new(fan_out: &FanOut) -> Box<Self> {
        let FanOut { engine, scope, frame, .. } = fan_out;
        let nodes = &fan_out.plan().nodes;
        Box::new(Self {
            tally: Tally::of(nodes.iter().copied()),
            keys: VecDeque::new(),
            at: 0,
            columns: (0..=nodes.len()).map(|_| Column::default()).collect(),
            places: Places::new(nodes.len()),
            repeats: nodes.iter().map(|_| Repeats::default()).collect(),
            failed: Vec::new(),
            given: None,
            missing: Vec::new(),
            buffers: fan_out.sinks.iter().map(Sink::buffer).collect(),
            done: 0,
            size: 1,
            since: None,
            blocking: None,
            around: Around::new(Arc::clone(engine), *scope, Arc::clone(frame)),
        })
    }

    /// How many keys it has.
    pub(super) fn len(&self) -> usize {
        self.keys.len() + self.missing.len()
    }

    /// Takes a key. It has no others that have begun.
    pub(super) fn add(&mut self, Item { index, key, elements }: Item) {
        let key = Key { index, key };
        match elements.into_one() {
            Outcome::Ready(value) => {
                self.columns[0].push_erased(value);
                self.keys.push_back(key);
            }
            missing => self.missing.push((key, missing)),
        }
        self.at = 0;
    }

    /// Takes keys of a list, the first of which has this place, and gives each of them.
    pub(super) fn add_listed(
        &mut self,
        count: usize,
        first: u64,
        list: &mut dyn List,
        mut give: impl FnMut(&MappingKey),
    ) -> u64 {
        let keys = &mut self.keys;
        let mut index = first;
        list.take(count, &mut self.columns[0], &mut |key| {
            give(&key);
            keys.push_back(Key { index, key });
            index += 1;
        });
        self.at = 0;
        index
    }

    /// Goes on with its keys, as far as no op waits, and passes on what they gave.
    pub(super) fn run(&mut self, fan_out: &Arc<FanOut>, waker: Option<&Waker>) -> Left {
        let left = self.advance(waker);
        match &left {
            Left::Done => {
                self.deliver();
                self.flush(fan_out);
            }
            // What others gave must not wait, unless this thread waits for the key.
            Left::Waits(_) if waker.is_some() => self.flush(fan_out),
            Left::Waits(_) => {}
            // A thread that is not waited for drops the block when the run may have made its report.
            Left::Stopped => {
                self.idle();
                self.tally.flush(&self.around.engine.ledger);
            }
        }
        left
    }

    fn advance(&mut self, waker: Option<&Waker>) -> Left {
        for (key, outcome) in std::mem::take(&mut self.missing) {
            self.leaving().without(&key, 0, outcome);
        }
        let nodes = self.columns.len() - 1;
        while self.at < nodes && !self.keys.is_empty() {
            match self.step(waker) {
                Left::Done => self.at += 1,
                left => return left,
            }
        }
        Left::Done
    }

    /// Hands over what the keys gave, all of which are done.
    fn deliver(&mut self) {
        let Self { keys, columns, buffers, around, .. } = self;
        let Some(column) = columns.last_mut() else { return };
        self.done += keys.len() as u64;
        if let [buffer] = buffers.as_mut_slice()
            && !keys.is_empty()
        {
            buffer.add_all(&around.engine, keys, column);
        }
        column.clear();
        keys.clear();
    }

    /// Passes on what was handed over.
    pub(super) fn flush(&mut self, fan_out: &Arc<FanOut>) {
        // Before the run may end by what is passed on: it would wait for a step that has ended.
        self.idle();
        self.tally.flush(&self.around.engine.ledger);
        if self.done > 0 {
            fan_out.finish(&mut self.buffers, std::mem::take(&mut self.done), false);
        }
    }

    fn idle(&self) {
        if let Some(blocking) = &self.blocking {
            blocking.idle();
        }
    }

    /// Goes on on a thread that may block, until all keys are done. Says whether they are.
    pub(super) fn run_on_thread(&mut self, fan_out: &Arc<FanOut>) -> bool {
        let blocking = Arc::clone(self.blocking());
        blocking.take(self.keys.iter().map(|key| (key.index, &key.key)));
        loop {
            match self.run(fan_out, None) {
                Left::Done => return true,
                Left::Stopped => {
                    self.forget();
                    return false;
                }
                // An op may do both: block first, and go on as a future.
                Left::Waits(waiting) => {
                    let (ready, result) = self.around.engine.handle.block_on(waiting.end());
                    self.put_back(ready, result);
                }
            }
        }
    }

    /// Says from now on which step it is at.
    pub(super) fn blocking(&mut self) -> &Arc<Blocking> {
        let path = &self.around.outer.path;
        self.blocking.get_or_insert_with(|| Arc::new(Blocking::new(path.clone())))
    }

    /// How many keys it is to take, by the time that those before took.
    pub(super) fn next_size(&mut self) -> usize {
        // Nobody asks for the time of the first one, which may be the only one.
        let now = Instant::now();
        let since = self.since.replace(now);
        self.size = since.map_or(self.size, |since| next_size(self.size, now - since));
        if self.blocking.is_some() {
            self.size = self.size.min(MAX_BLOCKING);
        }
        self.size
    }

    /// Forgets its keys, of a run that is told to stop.
    pub(super) fn forget(&mut self) {
        self.keys.clear();
        self.missing.clear();
        self.columns.iter_mut().for_each(Column::clear);
    }

    /// Others have their turn.
    pub(super) fn pause(&mut self) {
        self.since = None;
    }
}

impl Drop for Block {
    /// What is known of steps is told also when the lane is aborted.
    fn drop(&mut self) {
        self.tally.flush(&self.around.engine.ledger);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cheap_keys_are_taken_in_longer_blocks_and_dear_ones_alone() {
        assert_eq!(next_size(1, Duration::from_micros(1)), 2);
        assert_eq!(next_size(64, Duration::from_micros(1)), 64);
        assert_eq!(next_size(64, Duration::from_millis(1)), 16);
        assert_eq!(next_size(1, Duration::from_millis(1)), 1);
    }
}
