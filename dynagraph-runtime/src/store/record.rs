//! What a run tells its store, one thing at a time.

use std::time::{Duration, SystemTime};

use super::{Fingerprint, InputPrint, StoredValue};
use crate::key::{KeyPath, MappingKey};
use crate::run::RunStatus;
use crate::step::StepStatus;

/// One thing that happened in a run and that its store keeps.
///
/// Later records win over earlier ones of the same step. What was not run because the run has it already is not recorded
/// again. What was not run because another run has it is recorded as if it had been, with no attempts and
/// [`Cached`](StepStatus::Cached) as its status: so a run has all of its values, whatever becomes of the other one.
#[derive(Debug, Clone)]
pub enum Record {
    /// A step emitted a key.
    KeyEmitted(KeyEmitted),
    /// An attempt failed, and another one follows.
    StepUpForRetry(StepUpForRetry),
    /// A step ended.
    StepEnded(StepEnded),
    /// The run ended.
    RunEnded(RunEnded),
}

/// A step emitted a key.
///
/// Appended before any record of a copy that depends on it. What a retried step emits again is appended again.
#[derive(Debug, Clone)]
pub struct KeyEmitted {
    /// The place of the step's node in [`RunInfo::nodes`](super::RunInfo::nodes).
    pub node: u32,
    /// The step's own keys.
    pub path: KeyPath,
    /// The attempt that emitted it, counted as in the step's [`StepEnded::attempts`].
    pub attempt: u32,
    /// The place of the output among the op's outputs.
    pub output: u32,
    /// The key's place in the order of emission.
    pub index: u64,
    /// The key.
    pub key: MappingKey,
    /// Its value, if that can be encoded.
    pub value: Option<StoredValue>,
}

/// An attempt failed, and another one follows.
#[derive(Debug, Clone)]
pub struct StepUpForRetry {
    /// The place of the step's node in [`RunInfo::nodes`](super::RunInfo::nodes).
    pub node: u32,
    /// The step's keys.
    pub path: KeyPath,
    /// Which attempt failed, counted from 1.
    pub attempt: u32,
    /// Why.
    pub error: String,
    /// How long the step waits.
    pub delay: Duration,
}

/// A step ended.
#[derive(Debug, Clone)]
pub struct StepEnded {
    /// The place of the step's node in [`RunInfo::nodes`](super::RunInfo::nodes).
    pub node: u32,
    /// The step's keys.
    pub path: KeyPath,
    /// How it ended.
    pub status: StepStatus,
    /// How many attempts were made.
    pub attempts: u32,
    /// Why it failed.
    pub error: Option<String>,
    /// What its result depends on, if that is known.
    pub fingerprint: Option<Fingerprint>,
    /// What each of its inputs was, in the order of the op's parameters; none where that cannot be encoded. Empty where
    /// nobody said.
    pub inputs: Vec<Option<InputPrint>>,
    /// What it gave, one for each output of its op. Empty unless it succeeded or is cached.
    pub outputs: Vec<OutputRecord>,
    /// When its first attempt started. Stores keep microseconds.
    pub started: Option<SystemTime>,
    /// How long it took, with all its attempts. Stores keep microseconds.
    pub duration: Duration,
}

impl StepEnded {
    /// A step that ended after one attempt.
    pub fn new(node: u32, path: KeyPath, status: StepStatus) -> Self {
        Self {
            node,
            path,
            status,
            attempts: 1,
            error: None,
            fingerprint: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
            started: None,
            duration: Duration::ZERO,
        }
    }
}

/// For those who implement a store.
impl StepEnded {
    /// How many keys the step emitted in its last attempt, with all of its outputs.
    pub fn emitted(&self) -> u64 {
        let emitted = self.outputs.iter().map(|output| match output {
            OutputRecord::Emitted(count) => *count,
            _ => 0,
        });
        emitted.fold(0, u64::saturating_add)
    }
}

/// What a step gave for one output.
#[derive(Debug, Clone)]
pub enum OutputRecord {
    /// A value.
    Value(StoredValue),
    /// A value that cannot be encoded.
    NotEncodable,
    /// Nothing, where the output is optional.
    Nothing,
    /// So many keys, each with a [`KeyEmitted`] of its own. With fewer of them the step counts as missing.
    Emitted(u64),
}

/// The run ended.
#[derive(Debug, Clone)]
pub struct RunEnded {
    /// How.
    pub status: RunStatus,
    /// Why it gave nothing.
    pub error: Option<String>,
}
