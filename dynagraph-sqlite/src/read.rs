//! Reads runs.

use std::path::Path;

use dynagraph_runtime::store::{Fingerprint, History, StoreError, StoredRun, StoredStep};
use dynagraph_runtime::{RunId, StepStatus};
use rusqlite::{Connection, OptionalExtension, Params, Result as SqlResult};

use crate::decode::Decoder;
use crate::error::explain;
use crate::files::Files;
use crate::row::{self, Row, events_of};
use crate::run::{self, RunRow};

/// What reading needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) conn: &'a Connection,
    pub(crate) path: &'a Path,
    pub(crate) files: &'a Files,
}

impl Reader<'_> {
    /// All that is durable of a run.
    pub(crate) fn run(self, id: RunId) -> Result<StoredRun, StoreError> {
        // One transaction, so that the row and its events are of one moment.
        let _moment = self.conn.unchecked_transaction().map_err(|error| self.explain(error))?;
        let row = run::by_id(self.conn, self.path, id)?;
        let range = events_of(row.number);
        self.history(&row, "id >= ? AND id < ?", range)
    }

    /// The latest step of a cached node that succeeded with a fingerprint.
    pub(crate) fn step(self, fingerprint: Fingerprint) -> Result<Option<StoredStep>, StoreError> {
        let _moment = self.conn.unchecked_transaction().map_err(|error| self.explain(error))?;
        let sql = "SELECT event FROM cached_step WHERE fingerprint = ?";
        let event = self.conn.query_row(sql, [fingerprint.as_bytes()], |row| row.get::<_, i64>(0));
        let event = event.optional().map_err(|error| self.explain(error))?;
        let Some(event) = event else { return Ok(None) };
        let Some(row) = run::by_number(self.conn, self.path, event >> 32)? else { return Ok(None) };
        let alone = self.history(&row, "id = ?", [event])?;
        let step = if alone.missing() == 0 {
            alone.into_only_step()
        } else {
            self.step_with_keys(&row, event)?
        };
        Ok(step.filter(|step| {
            let is_same = step.fingerprint == Some(fingerprint) && step.node.cached;
            is_same && step.status == StepStatus::Success
        }))
    }

    /// A step that emitted keys.
    fn step_with_keys(self, row: &RunRow, event: i64) -> Result<Option<StoredStep>, StoreError> {
        let sql = "SELECT node, path FROM event WHERE id = ?";
        let found = self.conn.query_row(sql, [event], |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<String>>(1)?))
        });
        let (node, path) = found.map_err(|error| self.explain(error))?;
        let (first, end) = events_of(row.number);
        let wanted = "id >= ? AND id < ? AND (id = ? OR (kind = ? AND node IS ? AND path IS ?))";
        let run = self.history(row, wanted, (first, end, event, row::KEY, node, path))?;
        Ok(run.into_only_step())
    }

    fn history(
        self,
        row: &RunRow,
        wanted: &str,
        params: impl Params,
    ) -> Result<StoredRun, StoreError> {
        let summary = row.summary(self.path)?;
        let id = summary.id;
        let mut history = History::new(summary);
        self.read(id, &mut history, wanted, params).map_err(|error| self.explain(error))?;
        Ok(history.finish())
    }

    fn read(
        self,
        run: RunId,
        history: &mut History,
        wanted: &str,
        params: impl Params,
    ) -> SqlResult<()> {
        let mut decoder = Decoder::new(self.conn, run, self.files)?;
        let sql = format!("SELECT * FROM event WHERE {wanted} ORDER BY id");
        let mut statement = self.conn.prepare(&sql)?;
        let mut rows = statement.query(params)?;
        while let Some(row) = rows.next()? {
            if !Row::read(row)?.is_some_and(|row| decoder.read(&row, history)) {
                history.add_damaged();
            }
        }
        Ok(())
    }

    fn explain(self, error: rusqlite::Error) -> StoreError {
        explain(self.path, error)
    }
}
