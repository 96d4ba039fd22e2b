//! Finds the steps that other runs may reuse.

use std::collections::HashSet;

use dynagraph_runtime::store::{
    Fingerprint, History, Record, RunInfo, RunState, RunSummary, StoredStep,
};
use dynagraph_runtime::{RunId, StepStatus};
use rusqlite::{Connection, Result, params};

use crate::decode::{Decoder, KnownNames};
use crate::files::Files;
use crate::row::{COLUMNS, KEY, Row, events_of};

/// The end of a step, with the id of its run.
const STEP: &str = "SELECT event.*, run.id FROM cached_step JOIN event ON event.id = cached_step.event \
                    JOIN run ON run.number = cached_step.event >> 32 WHERE cached_step.fingerprint = ?";

/// The keys before it, from the last one back.
const KEYS: &str = "SELECT * FROM (SELECT * FROM event WHERE id >= ? AND id < ? AND kind = ? \
                    AND node IS ? AND path IS ? ORDER BY id DESC LIMIT ?) ORDER BY id";

/// A connection of its own, so that nobody who looks for a step waits for one who reads a whole run.
#[derive(Debug)]
pub(crate) struct Finder {
    conn: Connection,
    known: KnownNames,
}

impl Finder {
    pub(crate) fn new(conn: Connection) -> Self {
        Self { conn, known: KnownNames::default() }
    }

    /// The fingerprints of all steps that can be found.
    pub(crate) fn fingerprints(&self) -> Result<HashSet<Fingerprint>> {
        let mut statement = self.conn.prepare("SELECT fingerprint FROM cached_step")?;
        let mut rows = statement.query([])?;
        let mut fingerprints = HashSet::new();
        while let Some(row) = rows.next()? {
            // What has another length is damaged.
            fingerprints.extend(row.get(0).ok().map(Fingerprint::from_bytes));
        }
        Ok(fingerprints)
    }

    /// The latest step of a cached node that succeeded with a fingerprint, if it is as it was written.
    pub(crate) fn step(
        &mut self,
        fingerprint: Fingerprint,
        files: &Files,
    ) -> Result<Option<StoredStep>> {
        // Most names are known: they are read only where a step has one that is not.
        let mut step = self.known_step(fingerprint, files)?;
        if step.is_none() && self.known.read(&self.conn)? {
            step = self.known_step(fingerprint, files)?;
        }
        Ok(step.filter(|step| {
            let is_same = step.fingerprint == Some(fingerprint) && step.node.cached;
            is_same && matches!(step.status, StepStatus::Success | StepStatus::Cached)
        }))
    }

    fn known_step(&self, fingerprint: Fingerprint, files: &Files) -> Result<Option<StoredStep>> {
        let mut statement = self.conn.prepare(STEP)?;
        let mut rows = statement.query([fingerprint.as_bytes()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let Ok(run) = row.get_ref(COLUMNS)?.as_str().unwrap_or_default().parse::<RunId>() else {
            return Ok(None);
        };
        let Some(end) = Row::read(row)? else { return Ok(None) };
        let decoder = &mut Decoder::new(run, files, &self.known);
        let Some((_, Record::StepEnded(step))) = decoder.whole_record(&end) else {
            return Ok(None);
        };
        let mut info = RunInfo::new("");
        info.id = run;
        let mut history = History::new(RunSummary::new(&info, None, RunState::Interrupted));
        if step.emitted() > 0 {
            self.keys(&end, step.emitted(), decoder, &mut history)?;
        }
        decoder.read(&end, &mut history);
        Ok(history.finish().into_only_step())
    }

    /// The keys of a step: the last ones that it emitted before its end. Without one of them, the step is not whole.
    fn keys(
        &self,
        end: &Row<'_>,
        count: u64,
        decoder: &mut Decoder<'_>,
        history: &mut History,
    ) -> Result<()> {
        let (first, _) = events_of(end.id >> 32);
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let mut statement = self.conn.prepare(KEYS)?;
        let mut keys = statement.query(params![first, end.id, KEY, end.node, end.path, count])?;
        while let Some(key) = keys.next()? {
            if let Some(key) = Row::read(key)? {
                decoder.read(&key, history);
            }
        }
        Ok(())
    }
}
