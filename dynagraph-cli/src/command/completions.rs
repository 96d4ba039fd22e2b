//! `completions SHELL`

use std::io;

use clap::Args;
use clap_complete::Shell;

use super::Program;
use crate::console::Console;
use crate::exit::Exit;

/// Prints a script that completes what is typed in a shell.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(super) fn execute(self, program: &Program, console: &mut Console<'_>) -> io::Result<Exit> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut program.grammar(), &*program.name, &mut script);
        console.print(String::from_utf8_lossy(&script))?;
        Ok(Exit::Success)
    }
}
