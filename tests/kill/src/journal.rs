//! What was called: a line for each call and one for its end, in a file that outlives the process.

use std::collections::HashMap;
use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use dynagraph::OpContext;

/// Where calls are written to.
#[derive(Debug, Clone)]
pub(crate) struct Journal(Option<Arc<File>>);

impl Journal {
    /// A journal in a file, or one that nobody reads.
    pub(crate) fn open(path: Option<&Path>) -> io::Result<Self> {
        let open = |path| OpenOptions::new().append(true).create(true).open(path);
        Ok(Self(path.map(open).transpose()?.map(Arc::new)))
    }

    /// Notes that an op is called with an input. Its end is when what this gives is dropped.
    pub(crate) fn call(&self, ctx: &OpContext, input: &impl Debug) -> Call {
        if self.0.is_none() {
            return Call { journal: self.clone(), what: String::new() };
        }
        let mut hasher = DefaultHasher::new();
        format!("{input:?}").hash(&mut hasher);
        let what = format!("{} {:016x} {}", ctx.attempt(), hasher.finish(), ctx.step_key());
        let call = Call { journal: self.clone(), what };
        call.write('>');
        call
    }
}

/// A call that goes on.
#[derive(Debug)]
pub(crate) struct Call {
    journal: Journal,
    what: String,
}

impl Call {
    /// One write to a file that is only appended to: the page cache has it, whatever becomes of the process.
    fn write(&self, sign: char) {
        if let Some(mut file) = self.journal.0.as_deref() {
            let line = format!("{sign} {}\n", self.what);
            file.write_all(line.as_bytes()).expect("the journal can be written");
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.write('<');
    }
}

/// What one session called, by step.
#[derive(Debug, Default)]
pub(crate) struct Calls(pub(crate) HashMap<String, Called>);

/// The calls of one step.
#[derive(Debug, Default)]
pub(crate) struct Called {
    /// The number of each attempt.
    pub(crate) attempts: Vec<u32>,
    /// How many have not ended.
    pub(crate) in_flight: usize,
    /// Another one for other inputs.
    pub(crate) inputs: Vec<u64>,
}

impl Calls {
    /// Reads a journal. A session that was killed early has none.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let mut calls = Self::default();
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(calls),
            text => text?,
        };
        for line in text.lines() {
            let mut words = line.splitn(4, ' ');
            let mut word = || words.next().ok_or_else(|| io::Error::other(line.to_owned()));
            let (sign, attempt, input, step) = (word()?, word()?, word()?, word()?);
            let called = calls.0.entry(step.to_owned()).or_default();
            if sign == "<" {
                called.in_flight -= 1;
                continue;
            }
            called.in_flight += 1;
            called.attempts.push(attempt.parse().map_err(io::Error::other)?);
            called.inputs.push(u64::from_str_radix(input, 16).map_err(io::Error::other)?);
        }
        Ok(calls)
    }
}
