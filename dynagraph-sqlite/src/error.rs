//! What SQLite says, as errors of a store.

use std::io;
use std::path::Path;

use dynagraph_runtime::store::StoreError;
use rusqlite::{Error, ErrorCode};

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
        // A table or column that our schema has is not there.
        ErrorCode::Unknown => StoreError::damaged(path, error.to_string()),
        _ => StoreError::io(path, io::Error::other(error)),
    }
}

/// Whether a row was refused because there is one of its number.
pub(crate) fn is_conflict(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}
