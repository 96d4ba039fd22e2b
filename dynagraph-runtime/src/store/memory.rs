//! A store that lives as long as its process.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::watch;

use super::{
    Fingerprint, History, NodeInfo, Record, RunEnded, RunInfo, RunLog, RunState, RunStore,
    RunSummary, StoreError, StoredRun, StoredStep,
};
use crate::op::RunId;
use crate::sync::lock;

/// Keeps runs in memory, for tests and for `#[op(cache)]` within one process.
///
/// Clones are the same store.
#[derive(Clone, Default)]
pub struct MemoryStore {
    runs: Arc<Mutex<Vec<Kept>>>,
}

/// A run that is kept.
struct Kept {
    info: RunInfo,
    /// The nodes of each session.
    sessions: Vec<Vec<NodeInfo>>,
    /// Each with the number of its session.
    records: Vec<(u32, Record)>,
    /// Where the steps are that other runs may reuse.
    cached: HashMap<Fingerprint, usize>,
    ended: Option<(SystemTime, RunEnded)>,
    /// Whether it has a log.
    live: bool,
    cancel: watch::Sender<bool>,
}

impl MemoryStore {
    /// A store without runs.
    pub fn new() -> Self {
        Self::default()
    }

    fn runs(&self) -> MutexGuard<'_, Vec<Kept>> {
        lock(&self.runs)
    }

    fn log(&self, run: &Kept) -> Box<dyn RunLog> {
        Box::new(MemoryLog {
            store: self.clone(),
            run: run.info.id,
            session: run.session(),
            cancel: run.cancel.subscribe(),
        })
    }
}

fn find(runs: &mut [Kept], id: RunId) -> Result<&mut Kept, StoreError> {
    // Every record is for one of the latest, most likely.
    runs.iter_mut().rev().find(|run| run.info.id == id).ok_or(StoreError::no_such_run(id))
}

impl Kept {
    fn new(info: &RunInfo) -> Self {
        let nodes = info.nodes.clone();
        Self {
            info: RunInfo { nodes: Vec::new(), ..info.clone() },
            sessions: vec![nodes],
            records: Vec::new(),
            cached: HashMap::new(),
            ended: None,
            live: true,
            cancel: watch::Sender::new(false),
        }
    }

    /// The number of its latest session.
    fn session(&self) -> u32 {
        u32::try_from(self.sessions.len() - 1).unwrap_or(u32::MAX)
    }

    fn summary(&self) -> RunSummary {
        let state = match &self.ended {
            _ if self.live => RunState::live("this process"),
            Some((_, end)) => RunState::ended(end.status, end.error.clone()),
            None => RunState::Interrupted,
        };
        RunSummary::new(&self.info, self.ended.as_ref().map(|(at, _)| *at), state)
    }

    fn append(&mut self, session: u32, record: Record) {
        match &record {
            Record::RunEnded(end) => self.ended = Some((SystemTime::now(), end.clone())),
            Record::StepEnded(step) => {
                let node = self.sessions[session as usize].get(step.node as usize);
                let reusable = step.status.is_good() && node.is_some_and(|node| node.cached);
                if let Some(fingerprint) = step.fingerprint.filter(|_| reusable) {
                    self.cached.insert(fingerprint, self.records.len());
                }
            }
            Record::KeyEmitted(_) | Record::StepUpForRetry(_) => {}
        }
        self.records.push((session, record));
    }

    fn history<'a>(
        &self,
        summary: RunSummary,
        records: impl Iterator<Item = &'a (u32, Record)>,
    ) -> StoredRun {
        let mut history = History::new(summary);
        // By session and place. Only those that have records: one step may be all that is asked for.
        let mut numbers = HashMap::new();
        for (session, record) in records {
            let mut record = record.clone();
            let node = match &mut record {
                Record::KeyEmitted(record) => &mut record.node,
                Record::StepUpForRetry(record) => &mut record.node,
                Record::StepEnded(record) => &mut record.node,
                Record::RunEnded(_) => continue,
            };
            let Some(info) = self.sessions[*session as usize].get(*node as usize) else { continue };
            let number = numbers.entry((*session, *node));
            *node = *number.or_insert_with(|| history.add_node(info.clone()));
            history.push(*session, record);
        }
        history.finish()
    }

    /// The latest step of a cached node that succeeded with a fingerprint.
    fn find_step(&self, fingerprint: Fingerprint) -> Option<StoredStep> {
        let place = *self.cached.get(&fingerprint)?;
        let (before, rest) = self.records.split_at_checked(place)?;
        let end = rest.first()?;
        let (session, Record::StepEnded(step)) = end else { return None };
        // Its keys are those that its last attempt emitted, and so the last ones before it.
        let is_key = |(of, record): &&(u32, Record)| match record {
            Record::KeyEmitted(key) => {
                of == session && key.node == step.node && key.path == step.path
            }
            _ => false,
        };
        let emitted = usize::try_from(step.emitted()).unwrap_or(usize::MAX);
        let mut records: Vec<_> = before.iter().rev().filter(is_key).take(emitted).collect();
        records.reverse();
        records.push(end);
        // Nobody asks how the run stands.
        let summary = RunSummary::new(&RunInfo::new(""), None, RunState::Interrupted);
        self.history(summary, records.into_iter()).into_only_step()
    }
}

impl RunStore for MemoryStore {
    fn begin(&self, run: &RunInfo) -> Result<Box<dyn RunLog>, StoreError> {
        let mut runs = self.runs();
        if find(&mut runs, run.id).is_ok() {
            return Err(StoreError::run_exists(run.id));
        }
        let kept = Kept::new(run);
        let log = self.log(&kept);
        runs.push(kept);
        Ok(log)
    }

    fn resume(&self, run: &RunInfo) -> Result<Box<dyn RunLog>, StoreError> {
        let mut runs = self.runs();
        let kept = find(&mut runs, run.id)?;
        if kept.live {
            return Err(StoreError::owned(run.id, "this one"));
        }
        let started = kept.info.started;
        kept.info = RunInfo { nodes: Vec::new(), started, ..run.clone() };
        kept.sessions.push(run.nodes.clone());
        kept.ended = None;
        kept.live = true;
        kept.cancel = watch::Sender::new(false);
        Ok(self.log(kept))
    }

    fn read(&self, run: RunId) -> Result<StoredRun, StoreError> {
        let mut runs = self.runs();
        let run = find(&mut runs, run)?;
        Ok(run.history(run.summary(), run.records.iter()))
    }

    fn runs(&self) -> Result<Vec<RunSummary>, StoreError> {
        Ok(self.runs().iter().rev().map(Kept::summary).collect())
    }

    fn ask_cancel(&self, run: RunId) -> Result<(), StoreError> {
        find(&mut self.runs(), run)?.cancel.send_replace(true);
        Ok(())
    }

    fn fingerprints(&self) -> Result<HashSet<Fingerprint>, StoreError> {
        Ok(self.runs().iter().flat_map(|run| run.cached.keys().copied()).collect())
    }

    fn find_step(&self, fingerprint: Fingerprint) -> Result<Option<StoredStep>, StoreError> {
        Ok(self.runs().iter().rev().find_map(|run| run.find_step(fingerprint)))
    }

    fn delete_before(&self, time: SystemTime) -> Result<Vec<RunId>, StoreError> {
        let is_old = |run: &mut Kept| !run.live && run.info.started < time;
        Ok(self.runs().extract_if(.., is_old).map(|run| run.info.id).collect())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("runs", &self.runs().len()).finish()
    }
}

/// What is appended is durable at once, for as long as anything in memory is.
#[derive(Debug)]
struct MemoryLog {
    store: MemoryStore,
    run: RunId,
    session: u32,
    cancel: watch::Receiver<bool>,
}

impl RunLog for MemoryLog {
    fn append(&self, record: Record) {
        let mut runs = self.store.runs();
        let Ok(run) = find(&mut runs, self.run) else { return };
        run.append(self.session, record);
    }

    fn is_full(&self) -> bool {
        false
    }

    fn room(&self) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }

    fn flush(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        std::future::ready(Ok(())).boxed()
    }

    fn failed(&self) -> Option<StoreError> {
        None
    }

    fn cancel_asked(&self) -> BoxFuture<'_, ()> {
        let mut cancel = self.cancel.clone();
        async move {
            if cancel.wait_for(|asked| *asked).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
        .boxed()
    }
}

impl Drop for MemoryLog {
    fn drop(&mut self) {
        if let Ok(run) = find(&mut self.store.runs(), self.run) {
            run.live = false;
        }
    }
}
