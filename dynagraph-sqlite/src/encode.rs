//! Records as rows.

use std::collections::VecDeque;
use std::path::Path;

use blake3::Hash;
use dynagraph_runtime::store::{
    InputPrint, KeyEmitted, OutputRecord, Record, StepEnded, StepUpForRetry, StoreError,
    StoredValue,
};
use dynagraph_runtime::{KeyPath, RunId, StepStatus};
use rusqlite::Connection;

use crate::bytes::put_varint;
use crate::error::explain;
use crate::names::{NameRef, Names};
use crate::row::{CHECKSUM, KEY, RETRY, Row, SESSION, STEP};
use crate::time::{length, micros};

/// What an output is, in `meta`.
pub(crate) const NOTHING: u8 = 0;
pub(crate) const NOT_ENCODABLE: u8 = 1;
pub(crate) const EMITTED: u8 = 2;
pub(crate) const HERE: u8 = 3;
pub(crate) const IN_FILE: u8 = 4;

/// What stands for an input that cannot be encoded.
pub(crate) const UNKNOWN_INPUT: [u8; 8] = [0; 8];

/// What the rows of a run have in common.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) run: RunId,
    /// The number of the run in the database.
    pub(crate) number: i64,
    /// How many sessions the run has had, with this one.
    pub(crate) place: u32,
    /// The nodes that its records refer to, and whether each is cached.
    pub(crate) nodes: Vec<(NameRef, bool)>,
}

/// Where names and large values are kept.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    pub(crate) conn: &'a Connection,
    pub(crate) path: &'a Path,
    pub(crate) names: &'a mut Names,
    /// The larger ones of the group, which are written already, in order.
    pub(crate) large: &'a mut VecDeque<Hash>,
    pub(crate) inline_limit: u64,
}

/// Makes rows of records, one after the other, in the same memory.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    path: String,
    key: String,
    meta: Vec<u8>,
    value: Vec<u8>,
    /// Checksums of the names that the row refers to.
    names: Vec<u8>,
    scratch: Vec<u8>,
    /// The values of the row that are in files, with their sizes.
    pub(crate) in_files: Vec<(Hash, u64)>,
}

impl Encoder {
    /// The row that marks the beginning of a session.
    pub(crate) fn session<'a>(
        &'a mut self,
        of: &Session,
        id: i64,
        at: i64,
        graph: &'a str,
    ) -> Row<'a> {
        self.begin(of);
        let number = Some(i64::from(of.place));
        let row =
            Row { id, kind: SESSION, at: Some(at), number, text: Some(graph), ..Row::default() };
        self.finish(row, of.run)
    }

    /// The row of a record. None for the end of a run, which has none.
    pub(crate) fn encode<'a>(
        &'a mut self,
        record: &'a Record,
        of: &Session,
        id: i64,
        places: &mut Places<'_>,
    ) -> Result<Option<Row<'a>>, StoreError> {
        self.begin(of);
        let row = match record {
            Record::KeyEmitted(record) => self.key(record, of, places)?,
            Record::StepUpForRetry(record) => self.retry(record, of),
            Record::StepEnded(record) => self.step(record, of, places)?,
            Record::RunEnded(_) => return Ok(None),
        };
        Ok(Some(self.finish(Row { id, ..row }, of.run)))
    }

    fn key<'a>(
        &mut self,
        record: &'a KeyEmitted,
        of: &Session,
        places: &mut Places<'_>,
    ) -> Result<Row<'a>, StoreError> {
        put_varint(&mut self.meta, record.attempt.into());
        put_varint(&mut self.meta, record.output.into());
        match &record.value {
            Some(value) => self.value(value, places)?,
            None => self.meta.push(NOT_ENCODABLE),
        }
        record.key.write_exact(&mut self.key);
        let number = Some(i64::try_from(record.index).unwrap_or(i64::MAX));
        let node = self.name(of, record.node, &record.path);
        Ok(Row { kind: KEY, node, number, ..Row::default() })
    }

    fn retry<'a>(&mut self, record: &'a StepUpForRetry, of: &Session) -> Row<'a> {
        Row {
            kind: RETRY,
            node: self.name(of, record.node, &record.path),
            number: Some(record.attempt.into()),
            duration: Some(length(record.delay)),
            text: Some(&record.error),
            ..Row::default()
        }
    }

    fn step<'a>(
        &mut self,
        record: &'a StepEnded,
        of: &Session,
        places: &mut Places<'_>,
    ) -> Result<Row<'a>, StoreError> {
        put_varint(&mut self.meta, record.outputs.len() as u64);
        for output in &record.outputs {
            match output {
                OutputRecord::Value(value) => self.value(value, places)?,
                OutputRecord::NotEncodable => self.meta.push(NOT_ENCODABLE),
                OutputRecord::Nothing => self.meta.push(NOTHING),
                OutputRecord::Emitted(count) => {
                    self.meta.push(EMITTED);
                    put_varint(&mut self.meta, *count);
                }
            }
        }
        // Until the end: a row of the first schema ends here.
        for input in &record.inputs {
            let print = input.as_ref().map_or(&UNKNOWN_INPUT, InputPrint::as_bytes);
            self.meta.extend_from_slice(print);
        }
        Ok(Row {
            kind: STEP + record.status.code(),
            node: self.name(of, record.node, &record.path),
            number: Some(record.attempts.into()),
            at: record.started.map(micros),
            duration: record.started.map(|_| length(record.duration)),
            text: record.error.as_deref(),
            fingerprint: record.fingerprint.as_ref().map(|print| print.as_bytes().as_slice()),
            ..Row::default()
        })
    }

    fn value(&mut self, value: &StoredValue, places: &mut Places<'_>) -> Result<(), StoreError> {
        let explained = |error| explain(places.path, error);
        let named = places.names.type_name(places.conn, value.type_name());
        let named = named.map_err(explained)?;
        self.names.extend_from_slice(&named.checksum.to_le_bytes());
        let file = if value.size() > places.inline_limit { places.large.pop_front() } else { None };
        self.meta.push(if file.is_some() { IN_FILE } else { HERE });
        self.meta.push(value.codec().tag());
        put_varint(&mut self.meta, named.id.unsigned_abs());
        put_varint(&mut self.meta, value.size());
        match file {
            Some(hash) => {
                self.meta.extend_from_slice(hash.as_bytes());
                self.in_files.push((hash, value.size()));
            }
            None => self.value.extend_from_slice(&value.bytes()?),
        }
        Ok(())
    }

    /// The step that the row is of. A node that the run has not named is none.
    fn name(&mut self, of: &Session, node: u32, path: &KeyPath) -> Option<i64> {
        path.write_exact(&mut self.path);
        let (name, _) = of.nodes.get(node as usize)?;
        self.names.extend_from_slice(&name.checksum.to_le_bytes());
        Some(name.id)
    }

    fn begin(&mut self, of: &Session) {
        self.path.clear();
        self.key.clear();
        self.meta.clear();
        self.meta.extend_from_slice(&[0; CHECKSUM]);
        put_varint(&mut self.meta, of.place.into());
        self.value.clear();
        self.names.clear();
        self.in_files.clear();
    }

    fn finish<'a>(&'a mut self, row: Row<'a>, run: RunId) -> Row<'a> {
        let Self { path, key, meta, value, names, scratch, .. } = self;
        let some = |text: &'a String| if text.is_empty() { None } else { Some(text.as_str()) };
        let value = if value.is_empty() { None } else { Some(value.as_slice()) };
        let row = Row { path: some(path), key: some(key), value, ..row };
        let checksum = Row { meta, ..row }.checksum(run, names, scratch);
        meta[..CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
        Row { meta, ..row }
    }
}

/// The values of a record that are larger than a limit, in the order in which they are encoded.
pub(crate) fn larger(record: &Record, limit: u64) -> impl Iterator<Item = &StoredValue> {
    let (one, several) = match record {
        Record::KeyEmitted(key) => (key.value.as_ref(), [].as_slice()),
        Record::StepEnded(step) => (None, step.outputs.as_slice()),
        Record::StepUpForRetry(_) | Record::RunEnded(_) => (None, [].as_slice()),
    };
    let several = several.iter().filter_map(|output| match output {
        OutputRecord::Value(value) => Some(value),
        _ => None,
    });
    one.into_iter().chain(several).filter(move |value| value.size() > limit)
}

/// Whether later runs may reuse what the record says.
pub(crate) fn is_reusable(record: &StepEnded, of: &Session) -> bool {
    let cached = of.nodes.get(record.node as usize).is_some_and(|(_, cached)| *cached);
    cached && matches!(record.status, StepStatus::Success | StepStatus::Cached)
}
