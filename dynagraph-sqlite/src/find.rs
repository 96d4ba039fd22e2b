//! Finds the steps that other runs may reuse.

use std::collections::{HashMap, HashSet};

use dynagraph_runtime::store::{
    Fingerprint, History, Record, RunInfo, RunState, RunSummary, StoredStep,
};
use dynagraph_runtime::{RunId, StepStatus};
use rusqlite::{Connection, Result, params};

use crate::decode::{Decoder, KnownNames};
use crate::files::Files;
use crate::row::{COLUMNS, KEY, Row, STEP as STEP_KIND, events_of};

/// The end of a step, with the id of its run.
const STEP: &str = "SELECT event.*, run.id FROM cached_step JOIN event ON event.id = cached_step.event \
                    JOIN run ON run.number = cached_step.event >> 32 WHERE cached_step.fingerprint = ?";

/// The keys before it, from the last one back.
const KEYS: &str = "SELECT * FROM (SELECT * FROM event WHERE id >= ? AND id < ? AND kind = ? \
                    AND node IS ? AND path IS ? ORDER BY id DESC LIMIT ?) ORDER BY id";

/// The ends of steps after an event.
const AHEAD: &str = "SELECT * FROM event WHERE id > ? AND id <= ? AND kind IN (?, ?)";

/// How far is read ahead where steps are asked for in the order in which they are stored.
const FAR: i64 = 64;

/// A connection of its own, so that nobody who looks for a step waits for one who reads a whole run.
#[derive(Debug)]
pub(crate) struct Finder {
    conn: Connection,
    known: KnownNames,
    /// The event that was found last.
    last: i64,
    /// Steps that were read with one before them, and their events.
    ahead: HashMap<Fingerprint, (i64, StoredStep)>,
}

impl Finder {
    pub(crate) fn new(conn: Connection) -> Self {
        Self { conn, known: KnownNames::default(), last: i64::MIN, ahead: HashMap::new() }
    }

    /// Forgets what was read ahead, as it may be deleted.
    pub(crate) fn forget(&mut self) {
        self.ahead.clear();
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
        if let Some((event, step)) = self.ahead.remove(&fingerprint) {
            self.last = event;
            return Ok(Some(step));
        }
        // Most names are known: they are read only where a step has one that is not.
        let mut found = self.known_step(fingerprint, files)?;
        if found.is_none() && self.known.read(&self.conn)? {
            found = self.known_step(fingerprint, files)?;
        }
        let Some((event, run, step)) = found else { return Ok(None) };
        let is_next = event > self.last && event - FAR <= self.last;
        self.last = event;
        if is_next {
            self.read_ahead(event, run, files)?;
        }
        Ok((step.fingerprint == Some(fingerprint) && is_reusable(&step)).then_some(step))
    }

    fn known_step(
        &self,
        fingerprint: Fingerprint,
        files: &Files,
    ) -> Result<Option<(i64, RunId, StoredStep)>> {
        let mut statement = self.conn.prepare(STEP)?;
        let mut rows = statement.query([fingerprint.as_bytes()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let Ok(run) = row.get_ref(COLUMNS)?.as_str().unwrap_or_default().parse::<RunId>() else {
            return Ok(None);
        };
        let Some(end) = Row::read(row)? else { return Ok(None) };
        let mut decoder = Decoder::new(run, files, &self.known);
        let Some((_, Record::StepEnded(step))) = decoder.whole_record(&end) else {
            return Ok(None);
        };
        let mut history = history(run);
        if step.emitted() > 0 {
            self.keys(&end, step.emitted(), &mut decoder, &mut history)?;
        }
        decoder.read(&end, &mut history);
        Ok(history.finish().into_only_step().map(|step| (end.id, run, step)))
    }

    /// Reads the steps that ended after an event. Those that emitted keys are left to be asked for.
    fn read_ahead(&mut self, event: i64, run: RunId, files: &Files) -> Result<()> {
        self.ahead.clear();
        let (_, end) = events_of(event >> 32);
        let kinds =
            [StepStatus::Success, StepStatus::Cached].map(|status| STEP_KIND + status.code());
        let mut statement = self.conn.prepare(AHEAD)?;
        let to = (event + FAR).min(end - 1);
        let mut rows = statement.query(params![event, to, kinds[0], kinds[1]])?;
        while let Some(row) = rows.next()? {
            let Some(row) = Row::read(row)? else { continue };
            let mut history = history(run);
            Decoder::new(run, files, &self.known).read(&row, &mut history);
            let step = history.finish().into_only_step().filter(is_reusable);
            let emits =
                |step: &StoredStep| (0..step.outputs.len()).any(|at| step.emitted(at).is_some());
            if let Some(step) = step.filter(|step| !emits(step))
                && let Some(fingerprint) = step.fingerprint
            {
                self.ahead.insert(fingerprint, (row.id, step));
            }
        }
        Ok(())
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

fn is_reusable(step: &StoredStep) -> bool {
    step.node.cached && matches!(step.status, StepStatus::Success | StepStatus::Cached)
}

/// A history of a run of which nobody asks how it stands.
fn history(run: RunId) -> History {
    let mut info = RunInfo::new("");
    info.id = run;
    History::new(RunSummary::new(&info, None, RunState::Interrupted))
}
