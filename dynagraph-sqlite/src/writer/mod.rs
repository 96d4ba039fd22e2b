//! The one thread that writes to the database.
//!
//! It commits whatever is queued, at once: a commit takes as long as it takes, and what is appended meanwhile is the next
//! group. Everything else that writes is a command to this thread, so that there is one writer to a process.

mod insert;
mod keep;
mod session;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use blake3::Hash;
use dynagraph_runtime::store::{Record, RunEnded, StoreError};
use rusqlite::{Connection, Result as SqlResult};

use self::insert::Inserts;
use self::keep::Clock;
use self::session::Open;
use crate::SqliteOptions;
use crate::encode::{Encoder, Places, larger};
use crate::error::{explain, is_conflict};
use crate::files::Files;
use crate::log::{Wake, weight};
use crate::names::Names;
use crate::run::End;
use crate::time::now;

/// Something else that is to be done between two groups.
type Command = Box<dyn FnOnce(&mut Writing<'_>) + Send>;

/// The writer, as the store has it. Dropped, it writes what is queued and ends.
#[derive(Debug)]
pub(crate) struct Writer {
    commands: Option<mpsc::Sender<Command>>,
    wake: Arc<Wake>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(
        conn: Connection,
        path: PathBuf,
        files: Files,
        options: SqliteOptions,
    ) -> Result<Self, StoreError> {
        let (sender, commands) = mpsc::channel();
        let wake = Arc::new(Wake::default());
        let told = Arc::clone(&wake);
        let place = path.clone();
        let run = move || {
            told.is_of(thread::current());
            // A statement that cannot be prepared says so to the first who asks for something.
            if let Ok(mut writing) = Writing::new(&conn, path, files, options, told) {
                writing.run(&commands);
            }
        };
        let thread = thread::Builder::new().name("dynagraph-sqlite".to_owned()).spawn(run);
        let thread = thread.map_err(|error| StoreError::io(place, error))?;
        Ok(Self { commands: Some(sender), wake, thread: Some(thread) })
    }

    /// Has the writer do something, after all that was appended before, and waits for it.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Writing<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = mpsc::sync_channel(1);
        let command: Command = Box::new(move |writing| {
            // Whoever asked waits for it.
            let _sent = answer.send(command(writing));
        });
        let commands = self.commands.as_ref().ok_or(StoreError::Closed)?;
        commands.send(command).map_err(|_| StoreError::Closed)?;
        self.wake.wake();
        answered.recv().map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.commands.take());
        self.wake.wake();
        if let Some(thread) = self.thread.take() {
            // It has told of its errors where they belong.
            let _ended = thread.join();
        }
    }
}

/// What the writer's thread has.
pub(crate) struct Writing<'c> {
    conn: &'c Connection,
    path: PathBuf,
    files: Files,
    options: SqliteOptions,
    wake: Arc<Wake>,
    names: Names,
    encoder: Encoder,
    inserts: Inserts<'c>,
    logs: Vec<Open>,
    clock: Clock,
    /// The files of the large values of a group, in order.
    large: VecDeque<Hash>,
    /// Memory for the records of a group.
    group: Vec<Record>,
}

impl<'c> Writing<'c> {
    fn new(
        conn: &'c Connection,
        path: PathBuf,
        files: Files,
        options: SqliteOptions,
        wake: Arc<Wake>,
    ) -> SqlResult<Self> {
        Ok(Self {
            conn,
            path,
            files,
            options,
            wake,
            names: Names::default(),
            encoder: Encoder::default(),
            inserts: Inserts::new(conn)?,
            logs: Vec::new(),
            clock: Clock::new(Instant::now()),
            large: VecDeque::new(),
            group: Vec::new(),
        })
    }

    fn run(&mut self, commands: &mpsc::Receiver<Command>) {
        let mut drowsy = false;
        loop {
            let wrote = self.write_all();
            let asked = commands.try_recv();
            let idle = !wrote && asked.is_err();
            match asked {
                Ok(command) => {
                    self.write_all();
                    command(self);
                    self.clock.look_for_cancels();
                }
                Err(mpsc::TryRecvError::Disconnected) if idle => return,
                Err(_) => {}
            }
            self.keep_alive();
            if !idle {
                drowsy = false;
            } else if !drowsy {
                drowsy = true;
                self.wake.fall_asleep();
            } else {
                drowsy = false;
                self.sleep();
            }
        }
    }

    fn sleep(&self) {
        if self.logs.is_empty() {
            thread::park();
        } else {
            thread::park_timeout(self.clock.pause(Instant::now()));
        }
    }

    /// Writes what is queued of every log, and lets those go that are closed. Says whether there was anything.
    fn write_all(&mut self) -> bool {
        let mut wrote = false;
        let mut logs = std::mem::take(&mut self.logs);
        logs.retain_mut(|log| {
            let more = log.shared.take(&mut self.group);
            let group = std::mem::take(&mut self.group);
            wrote |= !group.is_empty();
            self.write(log, &group);
            self.group = group;
            self.group.clear();
            if !more {
                log.live = None;
            }
            // What cannot be written now is tried again; with its process, the owner of a run ends in any case.
            more || !self.release(log)
        });
        self.logs = logs;
        wrote
    }

    fn write(&mut self, log: &mut Open, group: &[Record]) {
        if group.is_empty() {
            return;
        }
        match self.transaction(|writing| writing.insert(log, group)) {
            Ok(()) => log.shared.committed(group.len(), group.iter().map(weight).sum()),
            Err(error) => log.shared.fail(error),
        }
    }

    /// Does something in a transaction of its own. On an error, nothing of it is kept.
    fn transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let begun = self.inserts.begin.raw_execute().map_err(|error| self.explain(error));
        let done = begun.and_then(|_| work(self)).and_then(|done| {
            let committed = self.inserts.commit.raw_execute();
            committed.map(|_| done).map_err(|error| self.explain(error))
        });
        if done.is_err() {
            // Names that were written with it are gone too.
            self.names = Names::default();
            self.inserts.forget_others();
            if !self.conn.is_autocommit() {
                // SQLite has rolled back by itself, or does so when the file is opened next.
                let _rolled_back = self.conn.execute_batch("ROLLBACK");
            }
        }
        done
    }

    fn insert(&mut self, log: &mut Open, group: &[Record]) -> Result<(), StoreError> {
        let events = group.iter().filter(|record| !matches!(record, Record::RunEnded(_)));
        let mut left = events.clone().count();
        let last = log.next + i64::try_from(left).unwrap_or(i64::MAX);
        if last > log.end {
            return Err(StoreError::full(&self.path));
        }
        self.put_large(group)?;
        let mut events = events;
        while left > 0 {
            left -= self.insert_some(log, &mut events, left)?;
        }
        self.inserts.insert_others(log.session.number).map_err(|error| self.explain(error))?;
        let end = group.iter().rev().find_map(|record| match record {
            Record::RunEnded(end) => Some(end),
            _ => None,
        });
        end.map_or(Ok(()), |end| self.end(log, end))
    }

    /// Writes the large values of a group, before the events that name them.
    fn put_large(&mut self, group: &[Record]) -> Result<(), StoreError> {
        let limit = self.inline_limit();
        let values: Vec<_> = group.iter().flat_map(|record| larger(record, limit)).collect();
        self.large.clear();
        if !values.is_empty() {
            self.large.extend(self.files.put_all(&values)?);
        }
        Ok(())
    }

    fn inline_limit(&self) -> u64 {
        self.options.inline_limit as u64
    }

    /// Inserts as many rows as one statement takes, and says how many.
    fn insert_some<'r>(
        &mut self,
        log: &mut Open,
        events: &mut impl Iterator<Item = &'r Record>,
        left: usize,
    ) -> Result<usize, StoreError> {
        let inline_limit = self.inline_limit();
        let Self { conn, path, names, encoder, inserts, large, .. } = self;
        let mut places = Places { conn, path, names, large, inline_limit };
        let (size, statement, others) = inserts.for_rows(left);
        for (place, record) in events.take(size).enumerate() {
            let row = encoder.encode(record, &log.session, log.next, &mut places)?;
            if let Some(row) = row {
                row.bind(statement, place * crate::row::COLUMNS + 1)
                    .map_err(|error| explain(places.path, error))?;
            }
            others.note(record, &log.session, log.next, encoder);
            log.next += 1;
        }
        match statement.raw_execute() {
            Ok(_) => Ok(size),
            Err(error) if is_conflict(&error) => Err(StoreError::taken_over(log.session.run)),
            Err(error) => Err(explain(places.path, error)),
        }
    }

    fn end(&mut self, log: &mut Open, end: &RunEnded) -> Result<(), StoreError> {
        let end = End { at: now(), status: end.status.code(), error: end.error.clone() };
        let finished = log.row.finish(self.conn, end).map_err(|error| self.explain(error))?;
        if !finished {
            return Err(StoreError::taken_over(log.session.run));
        }
        log.ended = true;
        Ok(())
    }

    fn explain(&self, error: rusqlite::Error) -> StoreError {
        explain(&self.path, error)
    }
}
