//! Opens a database, and makes its tables if it has none.

use std::io;
use std::path::Path;
use std::time::Duration;

use dynagraph_runtime::store::StoreError;
use rusqlite::{Connection, OpenFlags, Result, TransactionBehavior};

use crate::error::explain;
use crate::{Durability, SqliteOptions};

/// The latest schema that this version knows: SQLite's `user_version`.
pub(crate) const VERSION: i64 = 2;

/// SQLite's `application_id`: `dyna`.
const APPLICATION: i64 = 0x6479_6e61;

/// What makes the second schema of the first.
const SECOND: &str = "ALTER TABLE node ADD COLUMN inputs TEXT;";

const TABLES: &str = include_str!("schema.sql");

/// Opens the database that the writer uses, and makes it if there is none.
pub(crate) fn open_to_write(
    path: &Path,
    options: &SqliteOptions,
) -> Result<Connection, StoreError> {
    let explained = |error| explain(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut conn = open(path, flags, options.patience).map_err(explained)?;
    if is_new(&conn).map_err(explained)? {
        create(&mut conn).map_err(explained)?;
    }
    bring_up_to_date(&mut conn, path)?;
    check(&conn, path)?;
    let mode = conn.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
    if mode.map_err(explained)? != "wal" {
        let unsupported = "its file system cannot share memory between processes, which WAL needs";
        return Err(StoreError::io(path, io::Error::other(unsupported)));
    }
    let synchronous = match options.durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
    };
    conn.pragma_update(None, "synchronous", synchronous).map_err(explained)?;
    conn.pragma_update(None, "fullfsync", true).map_err(explained)?;
    // Without a limit, the log would stay as large as it was once.
    let limit = conn.pragma_update_and_check(None, "journal_size_limit", 64 << 20, |_| Ok(()));
    limit.map_err(explained)?;
    if let Some(pages) = options.max_pages {
        let set = conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()));
        set.map_err(explained)?;
    }
    Ok(conn)
}

/// Opens a database that is there, only to read.
pub(crate) fn open_to_read(path: &Path, patience: Duration) -> Result<Connection, StoreError> {
    let explained = |error| explain(path, error);
    let conn = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, patience).map_err(explained)?;
    conn.pragma_update(None, "query_only", true).map_err(explained)?;
    check(&conn, path)?;
    Ok(conn)
}

fn open(path: &Path, flags: OpenFlags, patience: Duration) -> Result<Connection> {
    let conn = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(patience)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    Ok(conn)
}

fn is_new(conn: &Connection) -> Result<bool> {
    conn.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

fn create(conn: &mut Connection) -> Result<()> {
    conn.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    if is_new(&transaction)? {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}

/// Makes the tables of an earlier schema those of the latest.
fn bring_up_to_date(conn: &mut Connection, path: &Path) -> Result<(), StoreError> {
    if pragma(conn, "application_id", path)? != APPLICATION
        || pragma(conn, "user_version", path)? != 1
    {
        return Ok(());
    }
    let explained = |error| explain(path, error);
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate);
    let transaction = transaction.map_err(explained)?;
    // Another process may have been faster.
    if pragma(&transaction, "user_version", path)? == 1 {
        transaction.execute_batch(SECOND).map_err(explained)?;
        transaction.pragma_update(None, "user_version", VERSION).map_err(explained)?;
    }
    transaction.commit().map_err(explained)
}

fn pragma(conn: &Connection, name: &str, path: &Path) -> Result<i64, StoreError> {
    let value = conn.pragma_query_value(None, name, |row| row.get(0));
    value.map_err(|error| explain(path, error))
}

fn check(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    if pragma(conn, "application_id", path)? != APPLICATION {
        return Err(StoreError::not_a_store(path));
    }
    match pragma(conn, "user_version", path)? {
        VERSION => Ok(()),
        newer if newer > VERSION => Err(StoreError::newer_schema(path, newer, VERSION)),
        other => Err(StoreError::damaged(path, format!("it has no schema {other}"))),
    }
}
