//! Where crates and their sources lie.

use std::env;
use std::fs;
use std::io;
use std::iter;
use std::path::{Path, PathBuf};

/// The folder into which Cargo unpacks the crates of each registry.
pub(crate) fn registry() -> PathBuf {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    home.unwrap_or_default().join("registry/src")
}

/// The sub-folders of a folder, or of all registries; the folder itself where none of them has sources.
pub(crate) fn crates(root: &Path) -> io::Result<Box<dyn Iterator<Item = PathBuf>>> {
    // A link is not followed below the root, and the root may be one.
    let root = root.canonicalize()?;
    if root.ends_with("registry/src") {
        let registries = sub_folders(&root)?;
        return Ok(Box::new(registries.flat_map(|at| sub_folders(&at).into_iter().flatten())));
    }
    if sub_folders(&root)?.any(|folder| sources(folder).next().is_some()) {
        return Ok(Box::new(sub_folders(&root)?));
    }
    Ok(Box::new(iter::once(root)))
}

/// The `.rs` files below a folder, and every folder that cannot be read.
pub(crate) fn sources(folder: PathBuf) -> impl Iterator<Item = PathBuf> {
    let mut left = vec![folder];
    iter::from_fn(move || {
        while let Some(path) = left.pop() {
            if !is_folder(&path) {
                if path.extension().is_some_and(|extension| extension == "rs") {
                    return Some(path);
                }
                continue;
            }
            match fs::read_dir(&path) {
                Ok(entries) => left.extend(entries.flatten().map(|entry| entry.path())),
                Err(_) => return Some(path),
            }
        }
        None
    })
}

/// A folder's own name.
pub(crate) fn name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn sub_folders(of: &Path) -> io::Result<impl Iterator<Item = PathBuf> + use<>> {
    let entries = fs::read_dir(of)?;
    Ok(entries.flatten().map(|entry| entry.path()).filter(|path| is_folder(path)))
}

fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|entry| entry.is_dir())
}
