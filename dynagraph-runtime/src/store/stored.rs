//! A run as it is read from its store.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{
    Fingerprint, InputPrint, NodeInfo, RunSummary, StepUpForRetry, StoreError, StoredValue,
};
use crate::key::{KeyPath, MappingKey, StepKey};
use crate::step::StepStatus;

/// All that a store has of a run.
#[derive(Debug)]
pub struct StoredRun {
    pub(super) summary: RunSummary,
    pub(super) steps: Vec<StoredStep>,
    /// Where each is, by node and keys.
    pub(super) places: HashMap<Arc<str>, HashMap<KeyPath, usize>>,
    /// Those that are left out because not all of their keys are there.
    pub(super) missing: Vec<StepKey>,
    pub(super) damaged: u64,
}

impl StoredRun {
    /// The run as it is listed.
    pub fn summary(&self) -> &RunSummary {
        &self.summary
    }

    /// The step of a node with these keys, if it ended.
    pub fn step(&self, node: &str, path: &KeyPath) -> Option<&StoredStep> {
        self.steps.get(self.place(node, path)?)
    }

    /// Where that step is among those that ended.
    pub(crate) fn place(&self, node: &str, path: &KeyPath) -> Option<usize> {
        self.places.get(node)?.get(path).copied()
    }

    /// The steps that ended, in the order of their first records.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = &StoredStep> {
        self.steps.iter()
    }

    /// How many steps are left out because not all keys that they emitted are stored.
    pub fn missing(&self) -> u64 {
        self.missing.len() as u64
    }

    /// The steps that are left out because not all keys that they emitted are stored.
    pub fn missing_steps(&self) -> impl ExactSizeIterator<Item = &StepKey> {
        self.missing.iter()
    }

    /// How many records are left out because they are damaged.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Takes the only step of a history of one.
    pub fn into_only_step(mut self) -> Option<StoredStep> {
        if self.steps.len() > 1 { None } else { self.steps.pop() }
    }
}

/// A step that ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StoredStep {
    /// Names it.
    pub key: StepKey,
    /// The node that it belongs to, as it was then.
    pub node: Arc<NodeInfo>,
    /// How it ended.
    pub status: StepStatus,
    /// How many attempts were made.
    pub attempts: u32,
    /// Why it failed.
    pub error: Option<String>,
    /// What its result depends on, if that is known.
    pub fingerprint: Option<Fingerprint>,
    /// What each of its inputs was; none where that could not be encoded. Empty where the store does not say.
    pub inputs: Vec<Option<InputPrint>>,
    /// What it gave, one for each output of its op.
    pub outputs: Vec<StoredOutput>,
    /// Its attempts that failed and were followed by another one.
    pub retries: Vec<StepUpForRetry>,
    /// When its first attempt started.
    pub started: Option<SystemTime>,
    /// How long it took, with all its attempts.
    pub duration: Duration,
    /// How it had ended before, if an earlier session of the run had come to its end.
    pub earlier: Option<Box<EarlierStep>>,
}

/// How a step ended that was run again when its run was resumed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EarlierStep {
    /// The node that it belonged to, as it was then.
    pub node: Arc<NodeInfo>,
    /// How it ended.
    pub status: StepStatus,
    /// What its result depended on, if that is known.
    pub fingerprint: Option<Fingerprint>,
    /// What each of its inputs was; none where that could not be encoded. Empty where the store does not say.
    pub inputs: Vec<Option<InputPrint>>,
    /// Whether every output that it gave was stored.
    pub stored: bool,
}

impl StoredStep {
    /// The value of a plain output.
    pub fn value(&self, output: usize) -> Option<&StoredValue> {
        match self.outputs.get(output)? {
            StoredOutput::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Reads the values that are elsewhere. Blocks for those.
    pub(crate) fn read_values(&mut self) -> Result<(), StoreError> {
        for output in &mut self.outputs {
            match output {
                StoredOutput::Value(value) => value.read()?,
                StoredOutput::Emitted(keys) => {
                    let mut values = keys.iter_mut().filter_map(|key| key.value.as_mut());
                    values.try_for_each(StoredValue::read)?;
                }
                StoredOutput::NotEncodable | StoredOutput::Nothing => {}
            }
        }
        Ok(())
    }

    /// The places of the outputs of which not all could be encoded.
    pub(crate) fn not_encodable(&self) -> impl Iterator<Item = usize> {
        let outputs = self.outputs.iter().enumerate();
        outputs.filter(|(_, output)| !output.is_stored()).map(|(place, _)| place)
    }

    /// The keys of a dynamic output, in the order of emission.
    pub fn emitted(&self, output: usize) -> Option<&[StoredKey]> {
        match self.outputs.get(output)? {
            StoredOutput::Emitted(keys) => Some(keys),
            _ => None,
        }
    }
}

/// What a step gave for one output.
#[derive(Debug, Clone)]
pub enum StoredOutput {
    /// A value.
    Value(StoredValue),
    /// A value that cannot be encoded.
    NotEncodable,
    /// Nothing, where the output is optional.
    Nothing,
    /// All keys of its last attempt, in the order of emission.
    Emitted(Vec<StoredKey>),
}

impl StoredOutput {
    /// Whether all of it could be encoded.
    fn is_stored(&self) -> bool {
        match self {
            Self::Value(_) | Self::Nothing => true,
            Self::NotEncodable => false,
            Self::Emitted(keys) => keys.iter().all(|key| key.value.is_some()),
        }
    }
}

/// A key that a step emitted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StoredKey {
    /// Its place in the order of emission.
    pub index: u64,
    /// The key.
    pub key: MappingKey,
    /// Its value, if that could be encoded.
    pub value: Option<StoredValue>,
}
