//! The row of a run, with its arguments.

use std::path::Path;

use dynagraph_runtime::store::{RunInfo, RunState, RunSummary, StoreError};
use dynagraph_runtime::{RunId, RunStatus};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::error::explain;
use crate::owner;
use crate::time::{micros, now, time};

/// The row of a run.
#[derive(Debug, Clone)]
pub(crate) struct RunRow {
    pub(crate) number: i64,
    pub(crate) id: String,
    pub(crate) job: String,
    pub(crate) graph: String,
    pub(crate) started: i64,
    pub(crate) sessions: u32,
    pub(crate) end: Option<End>,
    pub(crate) owner: Option<String>,
    pub(crate) beat: Option<i64>,
    pub(crate) arguments: Vec<(String, String)>,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) at: i64,
    pub(crate) status: u8,
    pub(crate) error: Option<String>,
}

const SELECT: &str = "SELECT number, id, job, graph, started, sessions, ended, status, error, \
                      owner, beat, checksum FROM run";

impl RunRow {
    /// The first session of a run, which gets its number when it is inserted.
    pub(crate) fn new(info: &RunInfo, owner: String) -> Self {
        Self {
            number: 0,
            id: info.id.to_string(),
            job: info.job.clone().into_owned(),
            graph: info.graph.clone(),
            started: micros(info.started),
            sessions: 1,
            end: None,
            owner: Some(owner),
            beat: Some(now()),
            arguments: info.arguments.clone(),
        }
    }

    /// The run's next session.
    pub(crate) fn resumed(self, info: &RunInfo, owner: String) -> Self {
        let Self { number, started, sessions, .. } = self;
        Self { number, started, sessions: sessions + 1, ..Self::new(info, owner) }
    }

    /// Inserts the row, and gives it its number.
    pub(crate) fn insert(&mut self, conn: &Connection) -> Result<()> {
        conn.execute(
            "INSERT INTO run (id, job, graph, started, sessions, owner, beat, checksum) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                self.id,
                self.job,
                self.graph,
                self.started,
                self.sessions,
                self.owner,
                self.beat,
                self.checksum(),
            ],
        )?;
        self.number = conn.last_insert_rowid();
        self.insert_arguments(conn)
    }

    /// Writes the row over the one of its number.
    pub(crate) fn update(&self, conn: &Connection) -> Result<()> {
        conn.execute(
            "UPDATE run SET job = ?2, graph = ?3, sessions = ?4, ended = NULL, status = NULL, \
             error = NULL, owner = ?5, beat = ?6, cancel = 0, checksum = ?7 WHERE number = ?1",
            params![
                self.number,
                self.job,
                self.graph,
                self.sessions,
                self.owner,
                self.beat,
                self.checksum(),
            ],
        )?;
        conn.execute("DELETE FROM argument WHERE run = ?", [self.number])?;
        self.insert_arguments(conn)
    }

    /// Writes how the run ended, and that nobody owns it. Says whether the owner still did.
    pub(crate) fn finish(&mut self, conn: &Connection, end: End) -> Result<bool> {
        self.end = Some(end);
        let Some(End { at, status, error }) = &self.end else { return Ok(false) };
        let changed = conn.execute(
            "UPDATE run SET ended = ?3, status = ?4, error = ?5, checksum = ?6, owner = NULL, \
             beat = NULL WHERE number = ?1 AND owner = ?2",
            params![self.number, self.owner, at, status, error, self.checksum()],
        )?;
        Ok(changed == 1)
    }

    fn insert_arguments(&self, conn: &Connection) -> Result<()> {
        let mut statement = conn.prepare("INSERT INTO argument VALUES (?, ?, ?, ?)")?;
        for (position, (name, value)) in (0_i64..).zip(&self.arguments) {
            statement.execute(params![self.number, position, name, value])?;
        }
        Ok(())
    }

    /// Of all but who owns the run.
    fn checksum(&self) -> u32 {
        let end = self.end.as_ref();
        let numbers = [
            self.started,
            self.sessions.into(),
            end.map_or(0, |end| end.at),
            end.map_or(0, |end| end.status.into()),
        ];
        let mut bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let error = end.and_then(|end| end.error.as_deref());
        bytes.push(u8::from(error.is_some()));
        let own = [self.id.as_str(), &self.job, &self.graph, error.unwrap_or_default()];
        let given = self.arguments.iter().flat_map(|(name, value)| [name.as_str(), value]);
        for text in own.into_iter().chain(given) {
            bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        crc32fast::hash(&bytes)
    }

    fn of(row: &Row<'_>) -> Result<(Self, u32)> {
        let end = match (row.get(6)?, row.get(7)?) {
            (Some(at), Some(status)) => Some(End { at, status, error: row.get(8)? }),
            _ => None,
        };
        let run = Self {
            number: row.get(0)?,
            id: row.get(1)?,
            job: row.get(2)?,
            graph: row.get(3)?,
            started: row.get(4)?,
            sessions: row.get(5)?,
            end,
            owner: row.get(9)?,
            beat: row.get(10)?,
            arguments: Vec::new(),
        };
        Ok((run, row.get(11)?))
    }

    /// With its arguments, if all is as it was written.
    fn whole(mut self, checksum: u32, conn: &Connection, path: &Path) -> Result<Self, StoreError> {
        let read = || {
            let mut statement =
                conn.prepare("SELECT name, value FROM argument WHERE run = ? ORDER BY position")?;
            let arguments =
                statement.query_map([self.number], |row| Ok((row.get(0)?, row.get(1)?)))?;
            arguments.collect::<Result<Vec<_>>>()
        };
        self.arguments = read().map_err(|error| explain(path, error))?;
        if self.checksum() == checksum {
            return Ok(self);
        }
        Err(StoreError::damaged(path, format!("what it says of the run {} has changed", self.id)))
    }

    /// Who owns the run, if they are alive.
    pub(crate) fn live_owner(&self) -> Option<String> {
        owner::alive(self.owner.as_deref()?, self.beat?, now())
    }

    /// The run as it is listed.
    pub(crate) fn summary(&self, path: &Path) -> Result<RunSummary, StoreError> {
        let damaged =
            |what: &str| StoreError::damaged(path, format!("the run {}: {what}", self.id));
        let id: RunId = self.id.parse().map_err(|_| damaged("its id is none"))?;
        let mut info = RunInfo::new(self.job.clone());
        info.id = id;
        info.graph.clone_from(&self.graph);
        info.arguments.clone_from(&self.arguments);
        info.started = time(self.started).ok_or_else(|| damaged("its time is none"))?;
        let ended = self.end.as_ref().and_then(|end| time(end.at));
        let state = match (&self.end, self.live_owner()) {
            (Some(end), _) => {
                let status = RunStatus::from_code(end.status);
                let status = status.ok_or_else(|| damaged("its status is none"))?;
                RunState::ended(status, end.error.clone())
            }
            (None, Some(owner)) => RunState::live(owner),
            (None, None) => RunState::Interrupted,
        };
        Ok(RunSummary::new(&info, ended, state))
    }
}

/// The run of an id.
pub(crate) fn by_id(conn: &Connection, path: &Path, id: RunId) -> Result<RunRow, StoreError> {
    let sql = format!("{SELECT} WHERE id = ?");
    let found = conn.query_row(&sql, [id.to_string()], RunRow::of).optional();
    let (run, checksum) =
        found.map_err(|error| explain(path, error))?.ok_or(StoreError::no_such_run(id))?;
    run.whole(checksum, conn, path)
}

/// All runs, the latest first.
pub(crate) fn all(conn: &Connection, path: &Path) -> Result<Vec<RunRow>, StoreError> {
    let read = || {
        let mut statement = conn.prepare(&format!("{SELECT} ORDER BY number DESC"))?;
        let rows = statement.query_map([], RunRow::of)?;
        rows.collect::<Result<Vec<_>>>()
    };
    let rows = read().map_err(|error| explain(path, error))?;
    rows.into_iter().map(|(run, checksum)| run.whole(checksum, conn, path)).collect()
}
