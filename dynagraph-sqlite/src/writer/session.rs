//! Runs that begin, are resumed, and are deleted.

use std::collections::HashSet;
use std::sync::Arc;

use dynagraph_runtime::RunId;
use dynagraph_runtime::store::{RunInfo, StoreError};
use rusqlite::Result as SqlResult;

use super::Writing;
use crate::encode::Session;
use crate::log::Shared;
use crate::owner::Live;
use crate::row::{self, events_of};
use crate::run::{self, RunRow};
use crate::time::now;

/// A log that the writer serves.
pub(super) struct Open {
    pub(super) shared: Arc<Shared>,
    pub(super) session: Session,
    pub(super) row: RunRow,
    /// The number of the next event, and the one that it must not reach.
    pub(super) next: i64,
    pub(super) end: i64,
    pub(super) ended: bool,
    /// While somebody has the log.
    pub(super) live: Option<Live>,
}

/// However the writer ends, nobody waits for it in vain.
impl Drop for Open {
    fn drop(&mut self) {
        self.shared.fail(StoreError::Closed);
    }
}

impl Writing<'_> {
    /// Makes a new run.
    pub(crate) fn begin(&mut self, info: &RunInfo) -> Result<Arc<Shared>, StoreError> {
        self.open(info, |writing, owner| {
            match run::by_id(writing.conn, &writing.path, info.id) {
                Err(StoreError::NoSuchRun { .. }) => {}
                Err(error) => return Err(error),
                Ok(_) => return Err(StoreError::run_exists(info.id)),
            }
            let mut row = RunRow::new(info, owner);
            row.insert(writing.conn).map_err(|error| writing.explain(error))?;
            Ok(row)
        })
    }

    /// Goes on with a run.
    pub(crate) fn resume(&mut self, info: &RunInfo) -> Result<Arc<Shared>, StoreError> {
        self.open(info, |writing, owner| {
            let row = run::by_id(writing.conn, &writing.path, info.id)?;
            if let Some(owner) = row.live_owner() {
                return Err(StoreError::owned(info.id, owner));
            }
            let row = row.resumed(info, owner);
            row.update(writing.conn).map_err(|error| writing.explain(error))?;
            Ok(row)
        })
    }

    fn open(
        &mut self,
        info: &RunInfo,
        row: impl FnOnce(&Self, String) -> Result<RunRow, StoreError>,
    ) -> Result<Arc<Shared>, StoreError> {
        let live = Live::new();
        let mut open = self.transaction(|writing| {
            let row = row(writing, live.name().to_owned())?;
            writing.begin_session(info, row).map_err(|error| writing.explain(error))
        })?;
        open.live = Some(live);
        let shared = Arc::clone(&open.shared);
        self.logs.push(open);
        Ok(shared)
    }

    /// Writes the event with which the session begins: whoever owned the run before can write no other in its place.
    fn begin_session(&mut self, info: &RunInfo, row: RunRow) -> SqlResult<Open> {
        let conn = self.conn;
        let nodes = info.nodes.iter().map(|node| {
            let name = self.names.node(conn, node)?;
            Ok((name, node.cached))
        });
        let session = Session {
            run: info.id,
            number: row.number,
            place: row.sessions,
            nodes: nodes.collect::<SqlResult<_>>()?,
        };
        let (first, end) = events_of(row.number);
        let last = "SELECT max(id) FROM event WHERE id >= ? AND id < ?";
        let last: Option<i64> = conn.query_row(last, [first, end], |row| row.get(0))?;
        let id = last.map_or(first, |last| last + 1);
        let event = self.encoder.session(&session, id, now(), &row.graph);
        let mut statement = conn.prepare(&row::insert(1))?;
        event.bind(&mut statement, 1)?;
        statement.raw_execute()?;
        let shared = Arc::new(Shared::new(self.options.room, Arc::clone(&self.wake)));
        Ok(Open { shared, session, row, next: id + 1, end, ended: false, live: None })
    }

    /// Asks whoever owns a run to cancel it.
    pub(crate) fn ask_cancel(&mut self, id: RunId) -> Result<(), StoreError> {
        let sql = "UPDATE run SET cancel = 1 WHERE number = ? AND owner IS NOT NULL";
        let row = run::by_id(self.conn, &self.path, id)?;
        let asked = self.conn.execute(sql, [row.number]);
        asked.map(|_| ()).map_err(|error| self.explain(error))
    }

    /// Deletes the runs that were begun before a time, and the values that are then nobody's.
    pub(crate) fn delete_before(&mut self, time: i64) -> Result<Vec<RunId>, StoreError> {
        let deleted = self.transaction(|writing| {
            let mut deleted = Vec::new();
            for row in run::all(writing.conn, &writing.path)? {
                let is_live = row.end.is_none() && row.live_owner().is_some();
                if row.started < time && !is_live {
                    writing.delete(row.number).map_err(|error| writing.explain(error))?;
                    deleted.extend(row.id.parse::<RunId>().ok());
                }
            }
            Ok(deleted)
        })?;
        // In a transaction of their own, so that no file goes before the runs have gone; and under the lock, so that
        // nobody writes one meanwhile.
        self.transaction(|writing| {
            let used = writing.used_files().map_err(|error| writing.explain(error))?;
            writing.files.delete(|hash| used.contains(hash.as_bytes()))
        })?;
        Ok(deleted)
    }

    fn delete(&self, number: i64) -> SqlResult<()> {
        let (first, end) = events_of(number);
        for sql in [
            "DELETE FROM event WHERE id >= ? AND id < ?",
            "DELETE FROM cached_step WHERE event >= ? AND event < ?",
        ] {
            self.conn.execute(sql, [first, end])?;
        }
        for table in ["argument WHERE run", "value_file WHERE run", "run WHERE number"] {
            self.conn.execute(&format!("DELETE FROM {table} = ?"), [number])?;
        }
        Ok(())
    }

    fn used_files(&self) -> SqlResult<HashSet<[u8; blake3::OUT_LEN]>> {
        let mut statement = self.conn.prepare("SELECT DISTINCT hash FROM value_file")?;
        let hashes = statement.query_map([], |row| row.get(0))?;
        hashes.collect()
    }
}
