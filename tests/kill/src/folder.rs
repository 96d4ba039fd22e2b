//! Copies of a store's files, as a power cut would leave them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The database in a folder.
pub(crate) fn database(folder: &Path) -> PathBuf {
    folder.join("runs.db")
}

/// The files of the store in a folder, relative to it: the database, its log, and the files of values. The memory that
/// processes share is none of them.
pub(crate) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for name in ["runs.db", "runs.db-wal"] {
        files.extend(folder.join(name).is_file().then(|| PathBuf::from(name)));
    }
    let values = folder.join("runs.db-values");
    if values.is_dir() {
        let mut names = fs::read_dir(values)?
            .map(|entry| Ok(Path::new("runs.db-values").join(entry?.file_name())))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort();
        files.append(&mut names);
    }
    Ok(files)
}

/// Copies a store. Files of values are never written to in place, and so are linked.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for file in files(from)? {
        let (from, to) = (from.join(&file), to.join(&file));
        if file.components().count() > 1 {
            fs::create_dir_all(to.parent().unwrap_or(&to))?;
            fs::hard_link(from, to)?;
        } else {
            fs::copy(from, to)?;
        }
    }
    Ok(())
}
