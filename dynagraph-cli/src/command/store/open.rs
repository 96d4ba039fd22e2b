//! The one place that knows what is at a store's path.

use std::path::Path;
use std::sync::Arc;

use dynagraph_runtime::store::RunStore;
#[cfg(feature = "sqlite")]
use dynagraph_runtime::store::StoreError;

use super::StoreProblem;

/// Opens the store at a path, and makes it if there is none.
#[cfg(feature = "sqlite")]
pub(super) fn open(path: &Path) -> Result<Arc<dyn RunStore>, StoreProblem> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(StoreProblem::NoFolder(folder.to_owned()));
    }
    if path.is_dir() {
        return Err(StoreProblem::Folder(path.to_owned()));
    }
    match dynagraph_sqlite::SqliteStore::open(path) {
        Ok(store) => Ok(Arc::new(store)),
        // Whatever is no database looks damaged.
        Err(error @ StoreError::Damaged { .. }) => Err(StoreProblem::Damaged(error)),
        Err(error) => Err(error.into()),
    }
}

/// Nothing can be opened.
#[cfg(not(feature = "sqlite"))]
pub(super) fn open(_path: &Path) -> Result<Arc<dyn RunStore>, StoreProblem> {
    Err(StoreProblem::NoSqlite)
}
