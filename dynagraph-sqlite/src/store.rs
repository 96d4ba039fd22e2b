//! The store, as its users hold it.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use dynagraph_runtime::RunId;
use dynagraph_runtime::store::{
    Fingerprint, RunInfo, RunLog, RunStore, RunSummary, StoreError, StoredRun, StoredStep,
};
use rusqlite::Connection;

use crate::SqliteOptions;
use crate::error::explain;
use crate::files::Files;
use crate::find::Finder;
use crate::log::SqliteLog;
use crate::read::Reader;
use crate::run;
use crate::schema;
use crate::time::micros;
use crate::writer::Writer;

/// A store of runs in an SQLite database.
///
/// Clones are the same store. It has one thread, which writes; that thread ends with the last clone, or with the last log of
/// a run if one is held for longer. Dropping the last of these waits until all that was appended is written.
///
/// # Examples
///
/// ```
/// use dynagraph_runtime::store::{RunInfo, RunState, RunStore};
/// use dynagraph_sqlite::SqliteStore;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("runs.db");
/// let store = SqliteStore::open(path)?;
/// let run = RunInfo::new("nightly");
/// drop(store.begin(&run)?);
/// assert_eq!(store.last_run("nightly")?.unwrap().state, RunState::Interrupted);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SqliteStore {
    inner: Arc<Inner>,
}

/// What the store and the logs of its runs keep alive.
pub(crate) struct Inner {
    path: PathBuf,
    files: Files,
    reader: Mutex<Connection>,
    finder: Mutex<Finder>,
    writer: Writer,
}

impl Inner {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl SqliteStore {
    /// Opens the store at a path, and makes it if there is none.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        SqliteOptions::new().open(path)
    }

    pub(crate) fn open_with(path: &Path, options: SqliteOptions) -> Result<Self, StoreError> {
        let conn = schema::open_to_write(path, &options)?;
        let reader = Mutex::new(schema::open_to_read(path, options.patience)?);
        let finder = Mutex::new(Finder::new(schema::open_to_read(path, options.patience)?));
        let files = Files::beside(path);
        let writer = Writer::start(conn, path.to_owned(), files.clone(), options)?;
        let inner = Inner { path: path.to_owned(), files, reader, finder, writer };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        self.inner.path()
    }

    /// Reads, after all that this process appended before.
    fn read_with<T>(
        &self,
        read: impl FnOnce(Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let inner = &*self.inner;
        inner.writer.ask(|_| Ok(()))?;
        let conn = inner.reader.lock().unwrap_or_else(PoisonError::into_inner);
        read(Reader { conn: &conn, path: &inner.path, files: &inner.files })
    }

    fn find_with<T>(
        &self,
        find: impl FnOnce(&mut Finder) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut finder = self.inner.finder.lock().unwrap_or_else(PoisonError::into_inner);
        find(&mut finder).map_err(|error| explain(self.path(), error))
    }
}

impl RunStore for SqliteStore {
    fn begin(&self, run: &RunInfo) -> Result<Box<dyn RunLog>, StoreError> {
        let run = run.clone();
        let shared = self.inner.writer.ask(move |writing| writing.begin(&run))?;
        Ok(Box::new(SqliteLog::new(shared, Arc::clone(&self.inner))))
    }

    fn resume(&self, run: &RunInfo) -> Result<Box<dyn RunLog>, StoreError> {
        let run = run.clone();
        let shared = self.inner.writer.ask(move |writing| writing.resume(&run))?;
        Ok(Box::new(SqliteLog::new(shared, Arc::clone(&self.inner))))
    }

    fn read(&self, run: RunId) -> Result<StoredRun, StoreError> {
        self.read_with(|reader| reader.run(run))
    }

    fn runs(&self) -> Result<Vec<RunSummary>, StoreError> {
        self.read_with(|reader| {
            let rows = run::all(reader.conn, reader.path)?;
            rows.iter().map(|row| row.summary(reader.path)).collect()
        })
    }

    fn ask_cancel(&self, run: RunId) -> Result<(), StoreError> {
        self.inner.writer.ask(move |writing| writing.ask_cancel(run))
    }

    fn fingerprints(&self) -> Result<HashSet<Fingerprint>, StoreError> {
        self.inner.writer.ask(|_| Ok(()))?;
        self.find_with(|finder| finder.fingerprints())
    }

    fn find_step(&self, fingerprint: Fingerprint) -> Result<Option<StoredStep>, StoreError> {
        // Nobody is kept waiting for the writer, also not by a step that was deleted meanwhile.
        self.find_with(|finder| finder.step(fingerprint, &self.inner.files))
    }

    fn delete_before(&self, time: SystemTime) -> Result<Vec<RunId>, StoreError> {
        let time = micros(time);
        let deleted = self.inner.writer.ask(move |writing| writing.delete_before(time))?;
        self.find_with(|finder| {
            finder.forget();
            Ok(())
        })?;
        Ok(deleted)
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.inner.path).finish_non_exhaustive()
    }
}
