//! Where a command writes to.

use std::fmt::{self, Display};
use std::io::{self, Write};

/// The two writers of a command.
pub(crate) struct Console<'a> {
    /// For what was asked for.
    pub(crate) output: &'a mut (dyn Write + Send),
    /// For people: progress, summaries, errors.
    pub(crate) messages: &'a mut (dyn Write + Send),
    /// Whether somebody watches the messages come.
    pub(crate) is_watched: bool,
}

impl Console<'_> {
    /// Writes what was asked for, and ends its last line.
    pub(crate) fn print(&mut self, text: impl Display) -> io::Result<()> {
        write_lines(self.output, &text.to_string())
    }

    /// Writes something for people, and ends its last line.
    pub(crate) fn say(&mut self, text: impl Display) -> io::Result<()> {
        write_lines(self.messages, &text.to_string())
    }

    /// Says what went wrong.
    pub(crate) fn error(&mut self, error: impl Display) -> io::Result<()> {
        self.say(format_args!("error: {error}"))
    }
}

fn write_lines(to: &mut (dyn Write + Send), text: &str) -> io::Result<()> {
    to.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        to.write_all(b"\n")?;
    }
    to.flush()
}

impl fmt::Debug for Console<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").field("is_watched", &self.is_watched).finish_non_exhaustive()
    }
}
