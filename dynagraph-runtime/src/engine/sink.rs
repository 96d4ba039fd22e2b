//! What gathers the values of a fan-out's instances.

use std::sync::{Arc, Mutex};

use super::again::Order;
use super::fan_out::Ending;
use super::outcome::{Fate, Outcome};
use super::stream::{Entry, Stream};
use crate::key::MappingKey;
use crate::plan::GatherKind;
use crate::sync::lock;

/// What gathers one value, or several, of every instance.
#[derive(Debug)]
pub(super) enum Sink {
    Collect(Mutex<Collected>),
    Stream(Arc<Stream>),
}

#[derive(Debug)]
pub(super) struct Collected {
    pub(super) values: SinkBuffer,
    pub(super) any_failed: bool,
    pub(super) ending: Ending,
    taken: u64,
    /// Where the values stand, if a retried producer did not emit them as they are placed.
    order: Option<Arc<Order>>,
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
    /// Those that are `held` give nothing before they are released.
    pub(super) fn new(kind: GatherKind, held: bool) -> Self {
        match kind {
            GatherKind::Collect { .. } => {
                Self::Collect(Mutex::new(Collected::new(SinkBuffer::new(kind))))
            }
            GatherKind::Stream { kept } => Self::Stream(Stream::new(kept, held)),
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
            (Self::Collect(collected), buffer) => lock(collected).append(buffer),
            (Self::Stream(stream), SinkBuffer::Entries(buffer)) => stream.push(buffer.drain(..)),
            (Self::Stream(_), _) => wrong_kind(),
        }
    }

    /// What was collected, if it collects.
    pub(super) fn collected(&self) -> Option<Collected> {
        let Self::Collect(collected) = self else { return None };
        let empty = Collected::new(SinkBuffer::Values(Vec::new()));
        Some(std::mem::replace(&mut *lock(collected), empty))
    }

    /// What was emitted is final, and stands in this order if not in that of the copies.
    pub(super) fn settle_order(&self, order: Option<&Arc<Order>>) {
        match self {
            Self::Collect(collected) => lock(collected).order = order.cloned(),
            Self::Stream(stream) => stream.release(order.cloned()),
        }
    }

    /// Takes no more. Says whether it has the values of all keys.
    pub(super) fn close(&self, ending: &Ending, emitted: u64) -> bool {
        match self {
            Self::Collect(collected) => {
                let mut collected = lock(collected);
                collected.ending = ending.clone();
                collected.put_in_order();
                collected.taken == emitted
            }
            Self::Stream(stream) => {
                stream.close(ending.clone());
                true
            }
        }
    }
}

impl Collected {
    fn new(values: SinkBuffer) -> Self {
        Self { values, any_failed: false, ending: Ending::Done, taken: 0, order: None }
    }

    /// Drops the values that are discarded, and gives the others their final places.
    fn put_in_order(&mut self) {
        let Some(order) = self.order.take() else { return };
        self.any_failed = match &mut self.values {
            SinkBuffer::Values(values) => {
                values.retain_mut(|(place, _)| order.moved(place));
                values.iter().any(|(_, value)| value.fate() == Fate::Failed)
            }
            SinkBuffer::Keyed(values) => {
                values.retain_mut(|(place, ..)| order.moved(place));
                values.iter().any(|(.., value)| value.fate() == Fate::Failed)
            }
            SinkBuffer::Entries(_) => wrong_kind(),
        };
    }

    fn append(&mut self, buffer: &mut SinkBuffer) {
        let failed = |value: &Outcome| value.fate() == Fate::Failed;
        let (taken, any_failed) = match (&mut self.values, buffer) {
            (SinkBuffer::Values(values), SinkBuffer::Values(buffer)) => {
                let summary = (buffer.len(), buffer.iter().any(|(_, value)| failed(value)));
                values.append(buffer);
                summary
            }
            (SinkBuffer::Keyed(values), SinkBuffer::Keyed(buffer)) => {
                let summary = (buffer.len(), buffer.iter().any(|(_, _, value)| failed(value)));
                values.append(buffer);
                summary
            }
            _ => wrong_kind(),
        };
        self.taken += taken as u64;
        self.any_failed |= any_failed;
    }
}

fn wrong_kind() -> ! {
    unreachable!("a sink's buffer is of its kind")
}
