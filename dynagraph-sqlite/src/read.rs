//! Reads runs.

use std::path::Path;

use dynagraph_runtime::RunId;
use dynagraph_runtime::store::{History, StoreError, StoredRun};
use rusqlite::{Connection, Params, Result as SqlResult};

use crate::decode::{Decoder, KnownNames};
use crate::error::explain;
use crate::files::Files;
use crate::row::{Row, events_of};
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
        let mut known = KnownNames::default();
        known.read(self.conn)?;
        let mut decoder = Decoder::new(run, self.files, &known);
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
