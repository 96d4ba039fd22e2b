//! One row of the table of events, and its checksum.

use crc32fast::Hasher;
use dynagraph_runtime::RunId;
use rusqlite::types::{FromSqlError, ValueRef};
use rusqlite::{Result, Statement};

/// How many columns a row has.
pub(crate) const COLUMNS: usize = 12;

/// The kinds of events. A step's end has [`STEP`] plus the code of its status.
pub(crate) const SESSION: u8 = 0;
pub(crate) const KEY: u8 = 1;
pub(crate) const RETRY: u8 = 2;
pub(crate) const STEP: u8 = 10;

/// How many bytes of `meta` the checksum has.
pub(crate) const CHECKSUM: usize = 4;

/// A row, with what it borrows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Row<'a> {
    pub(crate) id: i64,
    pub(crate) kind: u8,
    pub(crate) node: Option<i64>,
    pub(crate) path: Option<&'a str>,
    pub(crate) number: Option<i64>,
    pub(crate) key: Option<&'a str>,
    pub(crate) at: Option<i64>,
    pub(crate) duration: Option<i64>,
    pub(crate) text: Option<&'a str>,
    pub(crate) fingerprint: Option<&'a [u8]>,
    /// The checksum, and what has no column of its own.
    pub(crate) meta: &'a [u8],
    pub(crate) value: Option<&'a [u8]>,
}

impl<'a> Row<'a> {
    /// Binds the row to the parameters of a statement from `first` on.
    pub(crate) fn bind(&self, statement: &mut Statement<'_>, first: usize) -> Result<()> {
        statement.raw_bind_parameter(first, self.id)?;
        statement.raw_bind_parameter(first + 1, self.kind)?;
        statement.raw_bind_parameter(first + 2, self.node)?;
        statement.raw_bind_parameter(first + 3, self.path)?;
        statement.raw_bind_parameter(first + 4, self.number)?;
        statement.raw_bind_parameter(first + 5, self.key)?;
        statement.raw_bind_parameter(first + 6, self.at)?;
        statement.raw_bind_parameter(first + 7, self.duration)?;
        statement.raw_bind_parameter(first + 8, self.text)?;
        statement.raw_bind_parameter(first + 9, self.fingerprint)?;
        statement.raw_bind_parameter(first + 10, self.meta)?;
        statement.raw_bind_parameter(first + 11, self.value)
    }

    /// The row as it is read. None if a column has not what is written to it.
    pub(crate) fn read(row: &'a rusqlite::Row<'_>) -> Result<Option<Self>> {
        let mut columns = [ValueRef::Null; COLUMNS];
        for (place, column) in columns.iter_mut().enumerate() {
            *column = row.get_ref(place)?;
        }
        Ok(Self::of(&columns).ok())
    }

    fn of(columns: &[ValueRef<'a>; COLUMNS]) -> Result<Self, FromSqlError> {
        let [id, kind, node, path, number, key, at, duration, text, fingerprint, meta, value] =
            columns;
        let row = Self {
            id: id.as_i64()?,
            kind: kind.as_i64()?.try_into().map_err(FromSqlError::other)?,
            node: node.as_i64_or_null()?,
            path: path.as_str_or_null()?,
            number: number.as_i64_or_null()?,
            key: key.as_str_or_null()?,
            at: at.as_i64_or_null()?,
            duration: duration.as_i64_or_null()?,
            text: text.as_str_or_null()?,
            fingerprint: fingerprint.as_blob_or_null()?,
            meta: meta.as_blob()?,
            value: value.as_blob_or_null()?,
        };
        if row.meta.len() < CHECKSUM { Err(FromSqlError::InvalidType) } else { Ok(row) }
    }

    /// The checksum that is stored in the row.
    pub(crate) fn stored_checksum(&self) -> Option<u32> {
        self.meta.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
    }

    /// The checksum of all that is in the row, of the run that it belongs to, and of the names that it refers to.
    ///
    /// `scratch` is used and emptied.
    pub(crate) fn checksum(&self, run: RunId, names: &[u8], scratch: &mut Vec<u8>) -> u32 {
        scratch.clear();
        scratch.extend_from_slice(&run.to_bytes());
        scratch.extend_from_slice(&self.id.to_le_bytes());
        scratch.push(self.kind);
        for number in [self.node, self.number, self.at, self.duration] {
            scratch.push(u8::from(number.is_some()));
            scratch.extend_from_slice(&number.unwrap_or_default().to_le_bytes());
        }
        let meta = self.meta.get(CHECKSUM..).unwrap_or_default();
        let text = |text: Option<&'a str>| text.map(str::as_bytes);
        let parts = [text(self.path), text(self.key), text(self.text), self.fingerprint];
        for part in parts.into_iter().chain([Some(meta), Some(names)]) {
            scratch.push(u8::from(part.is_some()));
            let part = part.unwrap_or_default();
            scratch.extend_from_slice(&(part.len() as u64).to_le_bytes());
            scratch.extend_from_slice(part);
        }
        let mut hasher = Hasher::new();
        hasher.update(scratch);
        hasher.update(&[u8::from(self.value.is_some())]);
        hasher.update(self.value.unwrap_or_default());
        hasher.finalize()
    }
}

/// The statement that inserts so many rows.
pub(crate) fn insert(rows: usize) -> String {
    let row = format!("({})", ["?"; COLUMNS].join(","));
    format!("INSERT INTO event VALUES {}", vec![row; rows].join(","))
}

/// A number of the first event of a run, and the one after its last.
pub(crate) fn events_of(run: i64) -> (i64, i64) {
    (run << 32, (run + 1) << 32)
}
