//! Makes a run of its records: later ones win, and what is not whole is missing.

use std::collections::HashMap;
use std::sync::Arc;

use super::{
    EarlierStep, KeyEmitted, NodeInfo, OutputRecord, Record, RunSummary, StepEnded, StepUpForRetry,
    StoredKey, StoredOutput, StoredRun, StoredStep,
};
use crate::key::{KeyPath, StepKey};

/// Makes a [`StoredRun`] of records: what all stores have in common when they read.
#[derive(Debug)]
pub struct History {
    summary: RunSummary,
    nodes: Vec<(Arc<str>, Arc<NodeInfo>)>,
    places: HashMap<Arc<str>, HashMap<KeyPath, usize>>,
    steps: Vec<Told>,
    damaged: u64,
}

/// What was told of one step.
#[derive(Debug)]
struct Told {
    node: Arc<str>,
    path: KeyPath,
    end: Option<End>,
    keys: Option<(Attempt, Vec<KeyEmitted>)>,
    retries: Vec<StepUpForRetry>,
}

/// How a step ended, after which attempt.
#[derive(Debug)]
struct End {
    attempt: Attempt,
    node: Arc<NodeInfo>,
    step: StepEnded,
    /// How it had ended in the session before.
    earlier: Option<Box<EarlierStep>>,
}

/// Which attempt: the session of the run, and its number in that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Attempt(u32, u32);

impl History {
    /// The history of a run of which no record is known yet.
    pub fn new(summary: RunSummary) -> Self {
        Self { summary, nodes: Vec::new(), places: HashMap::new(), steps: Vec::new(), damaged: 0 }
    }

    /// Adds a node, and gives the number by which records refer to it.
    pub fn add_node(&mut self, node: NodeInfo) -> u32 {
        let name = Arc::from(&*node.name);
        self.nodes.push((name, Arc::new(node)));
        u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX)
    }

    /// Adds the next record. A run has a new session whenever it is resumed.
    pub fn push(&mut self, session: u32, record: Record) {
        match record {
            Record::KeyEmitted(key) => {
                let attempt = Attempt(session, key.attempt);
                let Some(step) = self.told(key.node, &key.path) else { return };
                match &mut step.keys {
                    Some((of, keys)) if *of == attempt => keys.push(key),
                    keys => *keys = Some((attempt, vec![key])),
                }
            }
            Record::StepUpForRetry(retry) => {
                if let Some(step) = self.told(retry.node, &retry.path) {
                    step.retries.push(retry);
                }
            }
            Record::StepEnded(end) => {
                let Some((_, info)) = self.nodes.get(end.node as usize) else { return };
                let node = Arc::clone(info);
                if let Some(told) = self.told(end.node, &end.path) {
                    let attempt = Attempt(session, end.attempts);
                    let earlier = told.end.take().and_then(|before| before.earlier_than(session));
                    told.end = Some(End { attempt, node, step: end, earlier });
                }
            }
            Record::RunEnded(_) => {}
        }
    }

    /// Counts a record that is damaged.
    pub fn add_damaged(&mut self) {
        self.damaged += 1;
    }

    /// The run.
    pub fn finish(self) -> StoredRun {
        let mut run = StoredRun {
            summary: self.summary,
            steps: Vec::with_capacity(self.steps.len()),
            places: HashMap::new(),
            missing: Vec::new(),
            damaged: self.damaged,
        };
        // Where each step of the history is among those that ended and are whole.
        let mut kept = vec![None; self.steps.len()];
        for (told, kept) in self.steps.into_iter().zip(&mut kept) {
            let Some(end) = told.end else { continue };
            let key = StepKey::new(told.node, told.path);
            match end.whole(key, told.keys, told.retries) {
                Ok(step) => {
                    *kept = Some(run.steps.len());
                    run.steps.push(step);
                }
                Err(key) => run.missing.push(key),
            }
        }
        run.places = self.places;
        for paths in run.places.values_mut() {
            paths.retain(|_, place| match kept[*place] {
                Some(at) => {
                    *place = at;
                    true
                }
                None => false,
            });
        }
        run
    }

    fn told(&mut self, node: u32, path: &KeyPath) -> Option<&mut Told> {
        let (name, _) = self.nodes.get(node as usize)?;
        if !self.places.contains_key(name) {
            self.places.insert(Arc::clone(name), HashMap::new());
        }
        let paths = self.places.get_mut(name)?;
        let place = match paths.get(path) {
            Some(place) => *place,
            None => {
                paths.insert(path.clone(), self.steps.len());
                self.steps.push(Told {
                    node: Arc::clone(name),
                    path: path.clone(),
                    end: None,
                    keys: None,
                    retries: Vec::new(),
                });
                self.steps.len() - 1
            }
        };
        self.steps.get_mut(place)
    }
}

impl End {
    /// What is remembered of this end when the step has ended again in a later session.
    fn earlier_than(self, session: u32) -> Option<Box<EarlierStep>> {
        let Self { attempt, node, step, earlier } = self;
        if attempt.0 == session {
            return earlier;
        }
        let StepEnded { status, fingerprint, inputs, outputs, .. } = step;
        let stored = !outputs.iter().any(|output| matches!(output, OutputRecord::NotEncodable));
        Some(Box::new(EarlierStep { node, status, fingerprint, inputs, stored }))
    }

    /// The step, if all keys that it says it emitted are there.
    fn whole(
        self,
        key: StepKey,
        keys: Option<(Attempt, Vec<KeyEmitted>)>,
        retries: Vec<StepUpForRetry>,
    ) -> Result<StoredStep, StepKey> {
        let Self { attempt, node, step: end, earlier } = self;
        let mut keys = match keys {
            Some((of, keys)) if of == attempt => keys,
            _ => Vec::new(),
        };
        let mut outputs = Vec::with_capacity(end.outputs.len());
        for (place, output) in end.outputs.into_iter().enumerate() {
            outputs.push(match output {
                OutputRecord::Value(value) => StoredOutput::Value(value),
                OutputRecord::NotEncodable => StoredOutput::NotEncodable,
                OutputRecord::Nothing => StoredOutput::Nothing,
                OutputRecord::Emitted(count) => {
                    let keys = emitted(&mut keys, place);
                    if keys.len() as u64 != count && end.status.is_good() {
                        return Err(key);
                    }
                    StoredOutput::Emitted(keys)
                }
            });
        }
        Ok(StoredStep {
            key,
            node,
            status: end.status,
            attempts: end.attempts,
            error: end.error,
            fingerprint: end.fingerprint,
            inputs: end.inputs,
            outputs,
            retries,
            started: end.started,
            duration: end.duration,
            earlier,
        })
    }
}

/// The keys of one output, in the order of emission.
fn emitted(keys: &mut Vec<KeyEmitted>, output: usize) -> Vec<StoredKey> {
    let own = keys.extract_if(.., |key| key.output as usize == output);
    let mut own: Vec<_> =
        own.map(|KeyEmitted { index, key, value, .. }| StoredKey { index, key, value }).collect();
    own.sort_by_key(|key| key.index);
    own
}
