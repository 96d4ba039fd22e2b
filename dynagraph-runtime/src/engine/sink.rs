//! What gathers the values of a fan-out's instances.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Engine;
use super::again::Order;
use super::around::Key;
use super::cause::Cause;
use super::collected::{Collected, LaneCollected};
use super::fan_out::{Elements, Ending};
use super::outcome::Outcome;
use super::stream::{Entry, Stream};
use crate::key::MappingKey;
use crate::plan::GatherKind;
use crate::value::Column;

/// What gathers one value, or several, of every instance.
#[derive(Debug)]
pub(super) enum Sink {
    Collect(Box<Collected>),
    Stream(Arc<Stream>),
}

/// What a lane holds for a sink until it passes it on.
#[derive(Debug)]
pub(super) enum SinkBuffer {
    Collect(LaneCollected),
    Entries(Vec<Entry>),
}

impl SinkBuffer {
    /// Adds what one key gave.
    pub(super) fn add(
        &mut self,
        engine: &Engine,
        index: u64,
        key: &MappingKey,
        mut values: impl ExactSizeIterator<Item = Outcome>,
    ) {
        match self {
            Self::Collect(collected) => {
                if let Some(value) = values.next() {
                    collected.add(engine, index, key, value);
                }
            }
            Self::Entries(buffer) => {
                buffer.push(Entry { index, key: key.clone(), values: Elements::of(values) });
            }
        }
    }
}

impl SinkBuffer {
    /// Adds a key without its only value; something failed if there is a cause.
    #[inline]
    pub(super) fn add_missing(&mut self, index: u64, key: &MappingKey, cause: Option<Cause>) {
        match self {
            Self::Collect(collected) => collected.add_missing(index, key, cause),
            Self::Entries(buffer) => {
                let missing = cause.map_or(Outcome::Skipped, Outcome::Failed);
                let values = Elements::of(std::iter::once(missing));
                buffer.push(Entry { index, key: key.clone(), values });
            }
        }
    }

    /// Adds keys without their only value, because something failed of which nobody asks what.
    pub(super) fn add_all_missing(&mut self, keys: &[(u64, MappingKey)]) {
        for (index, key) in keys {
            self.add_missing(*index, key, Some(Cause::UNKNOWN));
        }
    }

    /// Adds the values of many keys.
    pub(super) fn add_all(&mut self, engine: &Engine, keys: &VecDeque<Key>, values: &mut Column) {
        match self {
            Self::Collect(collected) => collected.add_all(engine, keys, values),
            Self::Entries(buffer) => {
                let values = std::iter::from_fn(|| values.next());
                buffer.extend(keys.iter().zip(values).map(|(Key { index, key }, value)| Entry {
                    index: *index,
                    key: key.clone(),
                    values: Elements::ready(value),
                }));
            }
        }
    }
}

impl Sink {
    /// Those that are `held` give nothing before they are released.
    pub(super) fn new(kind: GatherKind, held: bool) -> Self {
        match kind {
            GatherKind::Collect(gather) => Self::Collect(Box::new(Collected::new(gather))),
            GatherKind::Stream { kept } => Self::Stream(Stream::new(kept, held)),
        }
    }

    /// What one lane holds for it.
    pub(super) fn buffer(&self) -> SinkBuffer {
        match self {
            Self::Collect(collected) => SinkBuffer::Collect(collected.lane()),
            Self::Stream(_) => SinkBuffer::Entries(Vec::new()),
        }
    }

    /// Takes what one key gave, if a collect may have it without a lane's buffer.
    pub(super) fn take_at_once(
        &self,
        engine: &Engine,
        index: u64,
        key: &MappingKey,
        given: Outcome,
    ) -> Result<(), Outcome> {
        match (self, given) {
            (Self::Collect(collected), Outcome::Ready(value)) => {
                collected.take_at_once(engine, index, key, value).map_err(Outcome::Ready)
            }
            (_, given) => Err(given),
        }
    }

    /// How many keys its reader is done with, if one must keep up.
    pub(super) fn consumed(&self) -> Option<u64> {
        match self {
            Self::Collect(_) => None,
            Self::Stream(stream) => stream.consumed(),
        }
    }

    pub(super) fn absorb(&self, buffer: &mut SinkBuffer) {
        match (self, buffer) {
            (Self::Collect(collected), SinkBuffer::Collect(lane)) => collected.absorb(lane),
            (Self::Stream(stream), SinkBuffer::Entries(buffer)) => stream.push(buffer.drain(..)),
            _ => unreachable!("a sink's buffer is of its kind"),
        }
    }

    /// What was emitted is final, and stands in this order if not in that of the copies.
    pub(super) fn settle_order(&self, order: Option<&Arc<Order>>) {
        match self {
            Self::Collect(collected) => collected.settle_order(order.cloned()),
            Self::Stream(stream) => stream.release(order.cloned()),
        }
    }

    /// Takes no more. Says whether it has the values of all keys.
    pub(super) fn close(&self, ending: &Ending, emitted: u64) -> bool {
        match self {
            Self::Collect(collected) => collected.close(ending.clone()) == emitted,
            Self::Stream(stream) => {
                stream.close(ending.clone());
                true
            }
        }
    }
}
