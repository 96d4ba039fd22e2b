//! The statements of the hot path, prepared once.

use blake3::Hash;
use dynagraph_runtime::store::Record;
use rusqlite::{Connection, Result, Statement, params};

use crate::encode::{Encoder, Session, is_reusable};
use crate::row;

/// How many rows the statements take.
const SIZES: [usize; 4] = [32, 8, 2, 1];

/// The statements of the hot path.
pub(super) struct Inserts<'c> {
    pub(super) begin: Statement<'c>,
    pub(super) commit: Statement<'c>,
    rows: [Statement<'c>; SIZES.len()],
    value_file: Statement<'c>,
    cached_step: Statement<'c>,
    others: Others,
}

/// What follows from the rows of a group.
#[derive(Debug, Default)]
pub(super) struct Others {
    value_files: Vec<(Hash, u64)>,
    /// The events of steps that later runs may reuse, by their fingerprints.
    cached_steps: Vec<([u8; 16], i64)>,
}

impl<'c> Inserts<'c> {
    pub(super) fn new(conn: &'c Connection) -> Result<Self> {
        let [a, b, c, d] = SIZES.map(|size| conn.prepare(&row::insert(size)));
        Ok(Self {
            // The lock is taken first: large values are written under it, so that nobody deletes them meanwhile.
            begin: conn.prepare("BEGIN IMMEDIATE")?,
            commit: conn.prepare("COMMIT")?,
            rows: [a?, b?, c?, d?],
            value_file: conn.prepare("INSERT OR IGNORE INTO value_file VALUES (?, ?, ?)")?,
            cached_step: conn.prepare("INSERT OR REPLACE INTO cached_step VALUES (?, ?)")?,
            others: Others::default(),
        })
    }

    /// The largest statement for so many rows or fewer, and how many it takes.
    pub(super) fn for_rows(&mut self, left: usize) -> (usize, &mut Statement<'c>, &mut Others) {
        let place = SIZES.iter().position(|size| *size <= left).unwrap_or(SIZES.len() - 1);
        (SIZES[place], &mut self.rows[place], &mut self.others)
    }

    /// Writes what follows from the rows of a group.
    pub(super) fn insert_others(&mut self, run: i64) -> Result<()> {
        for (hash, size) in self.others.value_files.drain(..) {
            let size = i64::try_from(size).unwrap_or(i64::MAX);
            self.value_file.execute(params![run, hash.as_bytes(), size])?;
        }
        for (fingerprint, event) in self.others.cached_steps.drain(..) {
            self.cached_step.execute(params![fingerprint, event])?;
        }
        Ok(())
    }

    /// Forgets a group that is not kept.
    pub(super) fn forget_others(&mut self) {
        self.others = Others::default();
    }
}

impl Others {
    /// Notes what follows from a row that was just encoded.
    pub(super) fn note(&mut self, record: &Record, of: &Session, event: i64, encoder: &Encoder) {
        self.value_files.extend_from_slice(&encoder.in_files);
        if let Record::StepEnded(step) = record
            && let Some(fingerprint) = &step.fingerprint
            && is_reusable(step, of)
        {
            self.cached_steps.push((*fingerprint.as_bytes(), event));
        }
    }
}
