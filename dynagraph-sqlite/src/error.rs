//! What SQLite says, as errors of a store.

use std::io;
use std::path::Path;

use dynagraph_runtime::store::StoreError;
use rusqlite::{Error, ErrorCode, ffi};

/// What kept SQLite from doing something with the database at a path.
pub(crate) fn explain(path: &Path, error: Error) -> StoreError {
    let Error::SqliteFailure(failure, message) = &error else {
        return match error {
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::QueryReturnedNoRows
            | Error::Utf8Error(..) => StoreError::damaged(path, error.to_string()),
            other => StoreError::io(path, io::Error::other(other)),
        };
    };
    match failure.code {
        ErrorCode::DatabaseCorrupt => {
            let what = message.clone().unwrap_or_else(|| failure.to_string());
            StoreError::damaged(path, what)
        }
        ErrorCode::NotADatabase => StoreError::damaged(path, "it is no SQLite database"),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::locked(path),
        ErrorCode::DiskFull => StoreError::full(path),
        // The memory that processes share is a file, too, which finds no room.
        _ if failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE => StoreError::full(path),
        // A table or column that our schema has is not there.
        ErrorCode::Unknown => StoreError::damaged(path, error.to_string()),
        _ => StoreError::io(path, io::Error::other(error)),
    }
}

/// Whether a row was refused because there is one of its number.
pub(crate) fn is_conflict(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_without_room_for_shared_memory_is_full() {
        let explained =
            |code| explain(Path::new("runs.db"), Error::SqliteFailure(ffi::Error::new(code), None));
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_SHMSIZE] {
            assert!(matches!(explained(code), StoreError::Full { .. }));
        }
        assert!(matches!(explained(ffi::SQLITE_IOERR_READ), StoreError::Io { .. }));
    }
}
