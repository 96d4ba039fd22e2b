//! What the keys of a fan-out gave to a collect: their values, typed, and apart from them why others are missing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use super::Engine;
use super::again::Order;
use super::around::Key;
use super::attempt::guarded;
use super::cause::Cause;
use super::fan_out::Ending;
use super::outcome::Outcome;
use super::partial::Parts;
use crate::collector::{Collector, Placed, Share};
use crate::graph::{Failures, Gather};
use crate::key::MappingKey;
use crate::sync::lock;
use crate::value::{Column, Erased};

/// What the keys of a fan-out gave.
#[derive(Debug)]
pub(super) struct Collected {
    pub(super) failures: Failures,
    pub(super) values: Arc<dyn Collector>,
    rest: Mutex<Rest>,
}

/// What is known beside the values.
#[derive(Debug)]
pub(super) struct Rest {
    pub(super) missing: Missing,
    /// Where the values stand, if a retried producer did not emit them as they are placed.
    pub(super) order: Option<Arc<Order>>,
    pub(super) ending: Ending,
}

/// The keys without a value.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// How many there are; some were skipped.
    keys: u64,
    /// Why there are some without which nothing is gathered.
    pub(super) causes: Placed<Cause>,
    /// Those of them of which nobody knows why.
    pub(super) unexplained: Placed<()>,
    /// Those that failed and may be tolerated: the key itself, or those of the copies in it.
    pub(super) failed: Placed<Vec<(MappingKey, Cause)>>,
}

impl Missing {
    fn is_empty(&self) -> bool {
        self.keys == 0 && self.failed.is_empty()
    }

    /// Adds a key; it failed if there is a cause.
    #[inline]
    fn add(&mut self, failures: Failures, index: u64, key: &MappingKey, cause: Option<Cause>) {
        self.keys += 1;
        match (cause, failures) {
            (None, _) => {}
            (Some(cause), Failures::Tolerated { nested: false, .. }) => {
                self.failed.push(index, vec![(key.clone(), cause)]);
            }
            (Some(cause), _) if cause.is_known() => self.causes.push(index, cause),
            (Some(_), _) => self.unexplained.push(index, ()),
        }
    }

    fn append(&mut self, other: &mut Self) {
        self.keys += std::mem::take(&mut other.keys);
        self.causes.append(&mut other.causes);
        self.unexplained.append(&mut other.unexplained);
        self.failed.append(&mut other.failed);
    }
}

impl Collected {
    pub(super) fn new(Gather { collector, failures }: Gather) -> Self {
        let rest = Rest { missing: Missing::default(), order: None, ending: Ending::Done };
        Self { failures, values: collector(), rest: Mutex::new(rest) }
    }

    /// What one lane collects.
    pub(super) fn lane(&self) -> LaneCollected {
        let values = Arc::clone(&self.values).share();
        LaneCollected { failures: self.failures, values, missing: Missing::default() }
    }

    /// Takes the value of one key, unless there is more to it.
    pub(super) fn take_at_once(
        &self,
        engine: &Engine,
        index: u64,
        key: &MappingKey,
        value: Erased,
    ) -> Result<(), Erased> {
        if let Failures::Tolerated { nested: true, .. } = self.failures {
            return Err(value);
        }
        if guarded(engine, || self.values.add(index, key, value)).is_none() {
            let mut rest = lock(&self.rest);
            rest.missing.add(self.failures, index, key, Some(Cause::UNKNOWN));
        }
        Ok(())
    }

    pub(super) fn absorb(&self, lane: &mut LaneCollected) {
        lane.values.pass_on();
        if !lane.missing.is_empty() {
            lock(&self.rest).missing.append(&mut lane.missing);
        }
    }

    pub(super) fn settle_order(&self, order: Option<Arc<Order>>) {
        lock(&self.rest).order = order;
    }

    /// Takes no more. Says how many keys it knows of.
    pub(super) fn close(&self, ending: Ending) -> u64 {
        let mut rest = lock(&self.rest);
        rest.ending = ending;
        rest.missing.keys + self.values.len() as u64
    }

    /// Takes all that is not a value.
    pub(super) fn take_rest(&self) -> Rest {
        let mut rest = lock(&self.rest);
        Rest {
            missing: std::mem::take(&mut rest.missing),
            order: rest.order.take(),
            ending: rest.ending.clone(),
        }
    }
}

/// What one lane collects.
#[derive(Debug)]
pub(super) struct LaneCollected {
    failures: Failures,
    values: Box<dyn Share>,
    missing: Missing,
}

impl LaneCollected {
    /// Adds what one key gave.
    pub(super) fn add(&mut self, engine: &Engine, index: u64, key: &MappingKey, outcome: Outcome) {
        let cause = match outcome {
            Outcome::Ready(value) => match guarded(engine, || self.take(index, key, value)) {
                Some(()) => return,
                None => Some(Cause::UNKNOWN),
            },
            Outcome::Skipped => None,
            Outcome::Failed(cause) => Some(cause),
        };
        self.add_missing(index, key, cause);
    }

    /// Adds a key without a value; it failed if there is a cause.
    #[inline]
    pub(super) fn add_missing(&mut self, index: u64, key: &MappingKey, cause: Option<Cause>) {
        self.missing.add(self.failures, index, key, cause);
    }

    /// Adds the values of many keys.
    pub(super) fn add_all(&mut self, engine: &Engine, keys: &VecDeque<Key>, values: &mut Column) {
        if let Failures::Tolerated { nested: true, .. } = self.failures {
            for Key { index, key } in keys {
                let value = values.next().map_or(Outcome::FAULT, Outcome::Ready);
                self.add(engine, *index, key, value);
            }
            return;
        }
        let mut keys = keys.iter().map(|Key { index, key }| (*index, key));
        // A value that cannot be cloned is missed when the fan-out is over.
        let _added = guarded(engine, || self.values.add_all(&mut keys, values));
    }

    fn take(&mut self, index: u64, key: &MappingKey, mut value: Erased) {
        if let Failures::Tolerated { nested: true, .. } = self.failures {
            let parts = value.take::<Parts>();
            value = parts.values;
            if !parts.failed.is_empty() {
                let failed = parts.failed.into_iter();
                let failed = failed.map(|(inner, cause)| (MappingKey::join(key, &inner), cause));
                self.missing.failed.push(index, failed.collect());
            }
        }
        self.values.add(index, key, value);
    }
}
