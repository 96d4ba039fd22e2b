//! Large values: files that are named by what is in them.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blake3::Hash;
use dynagraph_runtime::store::{StoreError, StoredValue, ValueSource};
use futures::executor::block_on;
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Place;
use object_store::{Error, ObjectStore, ObjectStoreExt};

/// The folder of the files, which is made with the first one.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    folder: PathBuf,
    store: Arc<LocalFileSystem>,
}

impl Files {
    /// Those of the database at a path.
    pub(crate) fn beside(database: &Path) -> Self {
        let mut folder = std::path::absolute(database).unwrap_or_else(|_| database.to_owned());
        let mut name = folder.file_name().unwrap_or_default().to_owned();
        name.push("-values");
        folder.set_file_name(name);
        let store = Arc::new(LocalFileSystem::new());
        Self { folder, store }
    }

    /// Writes values, unless they are there. They are durable when this returns.
    ///
    /// The folder is made durable once for all of them: that is why the backend does not do it for each. A file that
    /// is in its place and not yet durable harms nobody, as it is not yet named by anything, and read with its hash.
    pub(crate) fn put_all(&self, values: &[&StoredValue]) -> Result<Vec<Hash>, StoreError> {
        let failed = |error| StoreError::io(&self.folder, error);
        if !self.folder.is_dir() {
            fs::create_dir_all(&self.folder).map_err(failed)?;
            self.folder.parent().map_or(Ok(()), sync_folder).map_err(failed)?;
        }
        let hashes: Result<Vec<_>, _> = values.iter().map(|value| self.put(value)).collect();
        let hashes = hashes?;
        for hash in &hashes {
            let path = self.path(hash);
            let file = OpenOptions::new().write(true).open(&path);
            file.and_then(|file| file.sync_all()).map_err(|error| StoreError::io(path, error))?;
        }
        sync_folder(&self.folder).map_err(failed)?;
        Ok(hashes)
    }

    fn put(&self, value: &StoredValue) -> Result<Hash, StoreError> {
        let bytes = value.bytes()?;
        let hash = blake3::hash(&bytes);
        let path = self.path(&hash);
        // One that is there may be damaged.
        if !fs::read(&path).is_ok_and(|there| *there == *bytes) {
            let at = place(&path)?;
            let put = self.store.put(&at, bytes.into_owned().into());
            block_on(put).map_err(|error| explain(&path, error))?;
        }
        Ok(hash)
    }

    /// Where a value can be read.
    pub(crate) fn source(&self, hash: Hash, size: u64) -> Arc<dyn ValueSource> {
        Arc::new(ValueFile { files: self.clone(), hash, size })
    }

    /// Deletes all files but those that `keep` keeps.
    pub(crate) fn delete(&self, keep: impl Fn(&Hash) -> bool) -> Result<(), StoreError> {
        if !self.folder.is_dir() {
            return Ok(());
        }
        let failed = |error| explain(&self.folder, error);
        let list = self.store.list(Some(&place(&self.folder)?));
        let all: Vec<_> = block_on(list.try_collect()).map_err(failed)?;
        let unused = all.into_iter().map(|file| file.location).filter(|place| {
            let hash = place.filename().and_then(|name| Hash::from_hex(name).ok());
            hash.is_none_or(|hash| !keep(&hash))
        });
        let unused: Vec<_> = unused.map(Ok).collect();
        let mut deleted = self.store.delete_stream(futures::stream::iter(unused).boxed());
        while let Some(deleted) = block_on(deleted.next()) {
            match deleted {
                Ok(_) | Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(())
    }

    fn path(&self, hash: &Hash) -> PathBuf {
        self.folder.join(hash.to_hex().as_str())
    }
}

/// Makes durable which files a folder has, where a system can be asked to.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn place(path: &Path) -> Result<Place, StoreError> {
    Place::from_absolute_path(path).map_err(|error| StoreError::io(path, io::Error::other(error)))
}

fn explain(path: &Path, error: Error) -> StoreError {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(cause) = source {
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            return StoreError::io(path, io::Error::new(cause.kind(), error.to_string()));
        }
        source = cause.source();
    }
    StoreError::io(path, io::Error::other(error))
}

/// A value that is in a file.
struct ValueFile {
    files: Files,
    hash: Hash,
    size: u64,
}

impl ValueSource for ValueFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read(&self) -> Result<Vec<u8>, StoreError> {
        let path = self.files.path(&self.hash);
        let store = &self.files.store;
        let at = place(&path)?;
        let bytes = block_on(async { store.get(&at).await?.bytes().await });
        let bytes = bytes.map_err(|error| explain(&path, error))?;
        if bytes.len() as u64 != self.size || blake3::hash(&bytes) != self.hash {
            return Err(StoreError::damaged(path, "it holds another value"));
        }
        Ok(bytes.into())
    }
}

impl fmt::Debug for ValueFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes in {}", self.size, self.files.path(&self.hash).display())
    }
}
