//! How a store is opened.

use std::path::Path;
use std::time::Duration;

use dynagraph_runtime::store::StoreError;

use crate::SqliteStore;

/// When what is committed outlives a loss of power. It outlives the end of the process at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// With every commit: one `fsync` for each group of records.
    #[default]
    Full,
    /// With the next checkpoint, some thousand records later. What was committed before the loss and is not lost is whole.
    Normal,
}

/// How a [`SqliteStore`] is opened, if not with the defaults.
///
/// # Examples
///
/// ```
/// use dynagraph_sqlite::{Durability, SqliteOptions};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("runs.db");
/// let store = SqliteOptions::new().durability(Durability::Normal).inline_limit(4_096).open(path)?;
/// # drop(store);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "options do nothing until a store is opened with them"]
pub struct SqliteOptions {
    pub(crate) durability: Durability,
    pub(crate) inline_limit: usize,
    pub(crate) patience: Duration,
    pub(crate) room: usize,
    pub(crate) max_pages: Option<u32>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            durability: Durability::Full,
            inline_limit: 64 << 10,
            patience: Duration::from_secs(10),
            room: 16 << 20,
            max_pages: None,
        }
    }
}

impl SqliteOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// When what is committed outlives a loss of power. By default, with every commit.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How many bytes a value may have in the database. Larger ones become files. By default 64 KiB.
    pub fn inline_limit(mut self, bytes: usize) -> Self {
        self.inline_limit = bytes;
        self
    }

    /// How long a write waits for others who write to the file. By default 10 s.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How many bytes of a run may wait to be written before it takes no new key. By default 16 MiB.
    pub fn room(mut self, bytes: usize) -> Self {
        self.room = bytes;
        self
    }

    /// How large the database may grow, in pages of 4 KiB, without its write-ahead log and the files of large values. By
    /// default, as large as its disk.
    pub fn max_pages(mut self, pages: u32) -> Self {
        self.max_pages = Some(pages);
        self
    }

    /// Opens the store at a path, and makes it if there is none.
    pub fn open(self, path: impl AsRef<Path>) -> Result<SqliteStore, StoreError> {
        SqliteStore::open_with(path.as_ref(), self)
    }
}
