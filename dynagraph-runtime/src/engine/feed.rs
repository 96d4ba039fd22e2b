//! Feeds a fan-out that no op emits: a replay, a zip, batches.

use std::collections::HashMap;
use std::sync::Arc;

use super::attempt::guarded;
use super::cause::Cause;
use super::fan_out::{Elements, Ending, FanOut, Item};
use super::instance::Instance;
use super::ledger::{Ended, How};
use super::outcome::{Fate, Outcome};
use super::stream::{Entry, Reader};
use crate::error::StepError;
use crate::graph::NodeId;
use crate::key::MappingKey;
use crate::plan::{Feed, StreamArg};
use crate::value::Erased;

/// Feeds a fan-out until what it is made of has ended.
pub(super) async fn run(instance: &Instance, fan_out: &Arc<FanOut>) {
    match &fan_out.plan().feed {
        Feed::Root | Feed::Emitted { .. } | Feed::Fold => {}
        Feed::Replay(of) => replay(instance, fan_out, *of).await,
        Feed::Batch { of, size, gather } => {
            batch(instance, fan_out, *of, size.get(), *gather).await;
        }
        Feed::Zip { left, right, pair, .. } => {
            let left = reader(instance, *left).await;
            let right = reader(instance, *right).await;
            Zipping::new(fan_out, *pair).run(left, right).await;
        }
    }
}

/// Opens a stream of this instance, or of one around it.
pub(super) async fn reader(instance: &Instance, arg: StreamArg) -> Reader {
    let cell = instance.frame.at(arg.place);
    cell.settled().await;
    let stream = if arg.place.up == 0 { cell.take() } else { cell.share() };
    Reader::new(&stream, arg)
}

async fn replay(instance: &Instance, fan_out: &Arc<FanOut>, of: StreamArg) {
    let mut reader = reader(instance, of).await;
    let ending = loop {
        match reader.next().await {
            Ok(entry) => {
                fan_out.room().await;
                fan_out.push(entry.key, entry.values);
            }
            Err(ending) => break ending,
        }
    };
    fan_out.close(ending);
}

async fn batch(
    instance: &Instance,
    fan_out: &Arc<FanOut>,
    of: StreamArg,
    size: usize,
    gather: fn(Vec<Erased>) -> Erased,
) {
    let mut reader = reader(instance, of).await;
    let mut values = Vec::new();
    let mut count = 0;
    let mut failed = Vec::new();
    let mut number = 0_u64;
    let ending = loop {
        let ended = match reader.next().await {
            Ok(entry) => {
                match entry.values.into_one() {
                    Outcome::Ready(value) => values.push(value),
                    Outcome::Failed(cause) => failed.push(cause),
                    Outcome::Skipped => continue,
                }
                count += 1;
                None
            }
            Err(ending) => Some(ending),
        };
        let full = count == size || (count > 0 && matches!(ended, Some(Ending::Done)));
        if full {
            fan_out.room().await;
            let values = std::mem::take(&mut values);
            let batch = if failed.is_empty() {
                computed(fan_out, || gather(values))
            } else {
                Outcome::Failed(Cause::merged(failed.drain(..)))
            };
            fan_out.push(number.into(), Elements::One(batch));
            (number, count) = (number + 1, 0);
        }
        if let Some(ending) = ended {
            break ending;
        }
    };
    fan_out.close(ending);
}

/// A value that is made of others between two steps.
fn computed(fan_out: &FanOut, make: impl FnOnce() -> Erased) -> Outcome {
    guarded(&fan_out.engine, make).map_or(Outcome::FAULT, Outcome::Ready)
}

/// Matches the keys of two streams.
struct Zipping<'a> {
    fan_out: &'a Arc<FanOut>,
    pair: fn(Erased, Erased) -> Erased,
    /// What has no partner yet.
    left: HashMap<MappingKey, (u64, Outcome)>,
    right: HashMap<MappingKey, (u64, Outcome)>,
    lefts: u64,
}

impl<'a> Zipping<'a> {
    fn new(fan_out: &'a Arc<FanOut>, pair: fn(Erased, Erased) -> Erased) -> Self {
        Self { fan_out, pair, left: HashMap::new(), right: HashMap::new(), lefts: 0 }
    }

    async fn run(mut self, mut left: Reader, mut right: Reader) {
        let (mut left_end, mut right_end) = (None, None);
        while left_end.is_none() || right_end.is_none() {
            tokio::select! {
                entry = left.next(), if left_end.is_none() => match entry {
                    Ok(entry) => self.left(entry).await,
                    Err(ending) => left_end = Some(ending),
                },
                entry = right.next(), if right_end.is_none() => match entry {
                    Ok(entry) => self.right(entry).await,
                    Err(ending) => right_end = Some(ending),
                },
            }
        }
        let ending = left_end.unwrap_or(Ending::Done).and(right_end.unwrap_or(Ending::Done));
        if matches!(ending, Ending::Done) {
            self.name_the_unmatched();
        }
        self.fan_out.close(ending);
    }

    async fn left(&mut self, entry: Entry) {
        self.lefts = self.lefts.max(entry.index + 1);
        let value = entry.values.into_one();
        match self.right.remove(&entry.key) {
            Some((_, right)) => self.matched(entry.index, entry.key, value, right).await,
            None => {
                self.left.insert(entry.key, (entry.index, value));
            }
        }
    }

    async fn right(&mut self, entry: Entry) {
        let value = entry.values.into_one();
        match self.left.remove(&entry.key) {
            Some((index, left)) => self.matched(index, entry.key, left, value).await,
            None => {
                self.right.insert(entry.key, (entry.index, value));
            }
        }
    }

    /// Emits a pair, in the place of its left side.
    async fn matched(&mut self, index: u64, key: MappingKey, left: Outcome, right: Outcome) {
        self.fan_out.room().await;
        let pair = self.pair;
        let pair = match (left, right) {
            (Outcome::Ready(left), Outcome::Ready(right)) => {
                computed(self.fan_out, || pair(left, right))
            }
            (left, right) => {
                let cause = || Cause::merged([left.cause(), right.cause()]);
                left.fate().and(right.fate()).without_value(cause)
            }
        };
        self.fan_out.push_at(Item { index, key, elements: Elements::One(pair) });
    }

    /// Every key that is on one side only is a failed step, and a failed copy.
    fn name_the_unmatched(&mut self) {
        let left = self.left.drain().map(|(key, (index, value))| (index, key, value, true));
        let lefts = self.lefts;
        let right = self.right.drain();
        let right = right.map(|(key, (index, value))| (lefts + index, key, value, false));
        let mut unmatched: Vec<_> = left.chain(right).collect();
        unmatched.sort_by_key(|(index, ..)| *index);
        for (index, key, value, left) in unmatched {
            if value.fate() == Fate::Skipped {
                // What was filtered out is on neither side.
                let elements = Elements::One(Outcome::Skipped);
                self.fan_out.push_at(Item { index, key, elements });
                continue;
            }
            let error = StepError::Unmatched { key: key.to_string(), left };
            let path = || self.fan_out.frame.path.child(key.clone(), index);
            let engine = &self.fan_out.engine;
            let mut ended = Ended::failure(How::at_once(self.step()), error);
            let cause = Cause::merged([engine.cause_of(&mut ended, path), value.cause()]);
            engine.record(ended, path);
            let elements = Elements::One(Outcome::Failed(cause));
            self.fan_out.push_at(Item { index, key, elements });
        }
    }

    /// What stands for the zip among the nodes: what each of its copies is given.
    fn step(&self) -> NodeId {
        self.fan_out.engine.plan.element_of(self.fan_out.scope)
    }
}
