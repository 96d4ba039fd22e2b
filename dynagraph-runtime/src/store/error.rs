//! Why a store cannot do what it is asked.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::op::RunId;

/// Why a store cannot do what it is asked. What it holds already is intact.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file is not what was written.
    #[error("`{}` is damaged: {what}; put a copy of it back, or move it away to begin anew", .path.display())]
    #[non_exhaustive]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file is something else than a store of runs.
    #[error("`{}` is not a store of runs: give another path", .path.display())]
    #[non_exhaustive]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a later version.
    #[error(
        "`{}` was written by a later version of dynagraph: its schema is {found}, this version knows up to {known}",
        .path.display()
    )]
    #[non_exhaustive]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// The schema that it has.
        found: i64,
        /// The latest schema that this version knows.
        known: i64,
    },
    /// Somebody else has held the file's lock for too long.
    #[error(
        "`{}` is locked: another program has been writing to it for too long, maybe a shell with an open transaction",
        .path.display()
    )]
    #[non_exhaustive]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// There is no room for what is to be written.
    #[error("`{}` cannot grow: its disk is full, or it has reached its largest size", .path.display())]
    #[non_exhaustive]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// A live process owns the run.
    #[error(
        "the run {run} belongs to a live process ({owner}): cancel it there, or wait for its end"
    )]
    #[non_exhaustive]
    Owned {
        /// The run.
        run: RunId,
        /// Who owns it.
        owner: String,
    },
    /// Another process has taken the run over, because this one was silent for too long.
    #[error(
        "the run {run} was taken over by another process, because this one was silent for too long"
    )]
    #[non_exhaustive]
    TakenOver {
        /// The run.
        run: RunId,
    },
    /// The store has no such run.
    #[error("the store has no run {run}")]
    #[non_exhaustive]
    NoSuchRun {
        /// The run that was asked for.
        run: RunId,
    },
    /// The store has a run of this id already.
    #[error("the store has a run {run} already: resume it")]
    #[non_exhaustive]
    RunExists {
        /// The run.
        run: RunId,
    },
    /// The store has no run of the job.
    #[error("the store has no run of the job `{job}` that could be resumed")]
    #[non_exhaustive]
    NoRunOfJob {
        /// The job's name.
        job: String,
    },
    /// The run is one of another job.
    #[error("the run {run} is one of the job `{of}`, and `{job}` cannot go on with it")]
    #[non_exhaustive]
    OtherJob {
        /// The run.
        run: RunId,
        /// The name of its job.
        of: String,
        /// The name of the job that was to resume it.
        job: String,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The file cannot be read or written.
    #[error("`{}`: {source}", .path.display())]
    #[non_exhaustive]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: Arc<io::Error>,
    },
}

/// For those who implement a store.
impl StoreError {
    /// A file is not what was written.
    pub fn damaged(path: impl Into<PathBuf>, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.into(), what: what.into() }
    }

    /// A file is something else than a store of runs.
    pub fn not_a_store(path: impl Into<PathBuf>) -> Self {
        Self::NotAStore { path: path.into() }
    }

    /// A file was written by a later version.
    pub fn newer_schema(path: impl Into<PathBuf>, found: i64, known: i64) -> Self {
        Self::NewerSchema { path: path.into(), found, known }
    }

    /// Somebody else has held a file's lock for too long.
    pub fn locked(path: impl Into<PathBuf>) -> Self {
        Self::Locked { path: path.into() }
    }

    /// There is no room for what is to be written.
    pub fn full(path: impl Into<PathBuf>) -> Self {
        Self::Full { path: path.into() }
    }

    /// A live process owns the run.
    pub fn owned(run: RunId, owner: impl Into<String>) -> Self {
        Self::Owned { run, owner: owner.into() }
    }

    /// Another process has taken the run over.
    pub fn taken_over(run: RunId) -> Self {
        Self::TakenOver { run }
    }

    /// The store has no such run.
    pub fn no_such_run(run: RunId) -> Self {
        Self::NoSuchRun { run }
    }

    /// The store has a run of this id already.
    pub fn run_exists(run: RunId) -> Self {
        Self::RunExists { run }
    }

    /// The store has no run of the job.
    pub fn no_run_of_job(job: impl Into<String>) -> Self {
        Self::NoRunOfJob { job: job.into() }
    }

    /// The run is one of another job.
    pub fn other_job(run: RunId, of: impl Into<String>, job: impl Into<String>) -> Self {
        Self::OtherJob { run, of: of.into(), job: job.into() }
    }

    /// A file cannot be read or written. A full disk is told apart.
    pub fn io(path: impl Into<PathBuf>, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::full(path),
            _ => Self::Io { path: path.into(), source: Arc::new(source) },
        }
    }
}
