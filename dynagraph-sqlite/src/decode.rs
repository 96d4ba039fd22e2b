//! Rows as records. A row that is not as it was written gives none.

use std::collections::HashMap;
use std::time::Duration;

use dynagraph_runtime::store::{
    Codec, Fingerprint, History, InputPrint, KeyEmitted, NodeInfo, OutputRecord, Record, StepEnded,
    StepUpForRetry, StoredValue,
};
use dynagraph_runtime::{KeyPath, MappingKey, RunId, StepStatus};
use rusqlite::{Connection, Result};

use crate::bytes::Bytes;
use crate::encode::{EMITTED, HERE, IN_FILE, NOT_ENCODABLE, NOTHING, UNKNOWN_INPUT};
use crate::files::Files;
use crate::names::{node_checksum, read_nodes, read_types, type_checksum};
use crate::row::{CHECKSUM, KEY, RETRY, Row, SESSION, STEP};
use crate::time::time;

/// The names that rows refer to, as far as they are read. A name never changes.
#[derive(Debug, Default)]
pub(crate) struct KnownNames {
    nodes: HashMap<i64, (NodeInfo, u32)>,
    last_node: i64,
    types: HashMap<i64, (String, u32)>,
    last_type: i64,
}

impl KnownNames {
    /// Reads those that are new, and says whether there are any.
    pub(crate) fn read(&mut self, conn: &Connection) -> Result<bool> {
        let before = (self.last_node, self.last_type);
        for (id, info) in read_nodes(conn, self.last_node)? {
            self.last_node = self.last_node.max(id);
            let checksum = node_checksum(&info);
            self.nodes.insert(id, (info, checksum));
        }
        for (id, name) in read_types(conn, self.last_type)? {
            self.last_type = self.last_type.max(id);
            let checksum = type_checksum(&name);
            self.types.insert(id, (name, checksum));
        }
        Ok(before != (self.last_node, self.last_type))
    }
}

/// Reads the rows of one run into its history.
#[derive(Debug)]
pub(crate) struct Decoder<'a> {
    run: RunId,
    files: &'a Files,
    known: &'a KnownNames,
    /// The numbers in the history of the nodes that a row has referred to.
    numbers: HashMap<i64, u32>,
    /// Checksums of the names that the row refers to.
    names: Vec<u8>,
    scratch: Vec<u8>,
}

/// What is left of a row while it is read.
struct Rest<'a> {
    meta: Bytes<'a>,
    value: Bytes<'a>,
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(run: RunId, files: &'a Files, known: &'a KnownNames) -> Self {
        let (numbers, names, scratch) = (HashMap::new(), Vec::new(), Vec::new());
        Self { run, files, known, numbers, names, scratch }
    }

    /// Adds what a row says to the history. Says whether the row is as it was written.
    pub(crate) fn read(&mut self, row: &Row<'_>, history: &mut History) -> bool {
        if row.kind == SESSION {
            self.names.clear();
            return self.is_whole(row);
        }
        let Some((session, mut record)) = self.whole_record(row) else { return false };
        let number = match &mut record {
            Record::KeyEmitted(record) => &mut record.node,
            Record::StepUpForRetry(record) => &mut record.node,
            Record::StepEnded(record) => &mut record.node,
            Record::RunEnded(_) => return false,
        };
        let Some(id) = row.node else { return false };
        let Some((node, _)) = self.known.nodes.get(&id) else { return false };
        *number = *self.numbers.entry(id).or_insert_with(|| history.add_node(node.clone()));
        history.push(session, record);
        true
    }

    fn is_whole(&mut self, row: &Row<'_>) -> bool {
        let checksum = row.checksum(self.run, &self.names, &mut self.scratch);
        row.stored_checksum() == Some(checksum)
    }

    /// What the row says, if it is as it was written, and in which session. The number of the node is left open.
    pub(crate) fn whole_record(&mut self, row: &Row<'_>) -> Option<(u32, Record)> {
        let record = self.record(row)?;
        self.is_whole(row).then_some(record)
    }

    /// What the row says, and in which session. The number of the node is left open.
    fn record(&mut self, row: &Row<'_>) -> Option<(u32, Record)> {
        self.names.clear();
        let meta = Bytes::new(row.meta.get(CHECKSUM..)?);
        let mut rest = Rest { meta, value: Bytes::new(row.value.unwrap_or_default()) };
        let session = rest.meta.small()?;
        let path = KeyPath::from_exact(row.path.unwrap_or_default())?;
        let record = match row.kind {
            KEY => Record::KeyEmitted(self.key(row, path, &mut rest)?),
            RETRY => Record::StepUpForRetry(StepUpForRetry {
                node: 0,
                path,
                attempt: row.number?.try_into().ok()?,
                error: row.text?.to_owned(),
                delay: Duration::from_micros(row.duration?.try_into().ok()?),
            }),
            kind => Record::StepEnded(self.step(row, path, kind, &mut rest)?),
        };
        let (_, checksum) = self.known.nodes.get(&row.node?)?;
        self.names.extend_from_slice(&checksum.to_le_bytes());
        (rest.meta.is_empty() && rest.value.is_empty()).then_some((session, record))
    }

    fn key(&mut self, row: &Row<'_>, path: KeyPath, rest: &mut Rest<'_>) -> Option<KeyEmitted> {
        let (attempt, output) = (rest.meta.small()?, rest.meta.small()?);
        let value = match self.output(rest)? {
            OutputRecord::Value(value) => Some(value),
            _ => None,
        };
        let key = MappingKey::from_exact(row.key?)?;
        let index = row.number?.try_into().ok()?;
        Some(KeyEmitted { node: 0, path, attempt, output, index, key, value })
    }

    fn step(
        &mut self,
        row: &Row<'_>,
        path: KeyPath,
        kind: u8,
        rest: &mut Rest<'_>,
    ) -> Option<StepEnded> {
        let status = StepStatus::from_code(kind.checked_sub(STEP)?)?;
        let mut step = StepEnded::new(0, path, status);
        for _ in 0..rest.meta.varint()? {
            step.outputs.push(self.output(rest)?);
        }
        while !rest.meta.is_empty() {
            let print = Some(rest.meta.array()?).filter(|print| *print != UNKNOWN_INPUT);
            step.inputs.push(print.map(InputPrint::from_bytes));
        }
        step.attempts = row.number?.try_into().ok()?;
        step.error = row.text.map(str::to_owned);
        step.fingerprint = match row.fingerprint {
            Some(bytes) => Some(Fingerprint::from_bytes(bytes.try_into().ok()?)),
            None => None,
        };
        if let Some(at) = row.at {
            step.started = Some(time(at)?);
            step.duration = Duration::from_micros(row.duration?.try_into().ok()?);
        }
        Some(step)
    }

    fn output(&mut self, rest: &mut Rest<'_>) -> Option<OutputRecord> {
        let kind = rest.meta.byte()?;
        if !matches!(kind, HERE | IN_FILE) {
            return Some(match kind {
                NOTHING => OutputRecord::Nothing,
                NOT_ENCODABLE => OutputRecord::NotEncodable,
                EMITTED => OutputRecord::Emitted(rest.meta.varint()?),
                _ => return None,
            });
        }
        let codec = Codec::from_tag(rest.meta.byte()?)?;
        let (name, checksum) = self.known.types.get(&rest.meta.varint()?.try_into().ok()?)?;
        self.names.extend_from_slice(&checksum.to_le_bytes());
        let (name, size) = (name.clone(), rest.meta.varint()?);
        Some(OutputRecord::Value(if kind == HERE {
            let bytes = rest.value.take(size.try_into().ok()?)?;
            StoredValue::new(codec, name, bytes.to_vec())
        } else {
            let hash = blake3::Hash::from_bytes(rest.meta.array()?);
            StoredValue::elsewhere(codec, name, self.files.source(hash, size))
        }))
    }
}
