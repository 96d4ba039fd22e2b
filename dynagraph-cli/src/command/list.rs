//! `list`

use std::fmt::Write as _;
use std::io;

use clap::Args;
use dynagraph_runtime::registry::{Accepts, RegisteredJob, have_names_of_their_own};

use super::{Program, usage};
use crate::console::Console;
use crate::exit::Exit;

/// Lists the jobs and their parameters.
#[derive(Debug, Args)]
pub(super) struct List;

impl List {
    pub(super) fn execute(program: &Program, console: &mut Console<'_>) -> io::Result<Exit> {
        if program.jobs.is_empty() {
            console.say(
                "This program has no jobs. A job of another crate is known once the program uses that crate: \
                 `use that_crate as _;`",
            )?;
        }
        for job in &program.jobs {
            console.print(described(job))?;
        }
        match have_names_of_their_own(&program.jobs) {
            Ok(()) => Ok(Exit::Success),
            Err(error) => usage(console, error),
        }
    }
}

/// The job as it is called, and what its doc comment says first.
fn described(job: &RegisteredJob) -> String {
    let parameters: Vec<_> = job.parameters().iter().map(ToString::to_string).collect();
    let mut text = format!("{}({})\n", job.name(), parameters.join(", "));
    if let Some(doc) = job.docs().find(|line| !line.is_empty()) {
        let _ = writeln!(text, "    {doc}");
    }
    for parameter in job.parameters().iter().filter(|p| p.accepts() == Accepts::Nothing) {
        let name = parameter.name();
        let _ = writeln!(text, "    cannot be run here: `{name}` does not implement `FromStr`");
    }
    text
}
