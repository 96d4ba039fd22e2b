//! The commands, one in a file each.

mod cancel;
mod completions;
mod describe;
mod gc;
mod job;
mod list;
mod plan;
mod policy;
mod report;
mod resume;
mod reuse;
mod run;
mod running;
mod runs;
mod selecting;
mod show;
mod spin;
mod spun;
mod store;
mod stored_job;
mod value;
mod why;

use std::ffi::OsString;
use std::io;
use std::path::Path;

use clap::builder::PossibleValuesParser;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use dynagraph_runtime::registry::{self, RegisteredJob};

use crate::cli::Setup;
use crate::console::Console;
use crate::exit::Exit;

/// Lists, plans and runs the jobs of this program.
#[derive(Debug, Parser)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Plan(plan::Plan),
    Run(run::RunJob),
    Resume(resume::Resume),
    Runs(runs::Runs),
    Show(show::Show),
    Why(why::WhyStep),
    Spin(spin::Spin),
    Cancel(cancel::Cancel),
    Gc(gc::Gc),
    Completions(completions::Completions),
}

/// The commands that name a job.
const OF_JOBS: [&str; 2] = ["plan", "run"];

/// The program, as its commands see it.
struct Program {
    name: String,
    jobs: Vec<&'static RegisteredJob>,
    setup: Setup,
}

/// Does what the arguments say.
///
/// # Errors
///
/// Somebody does not read any more.
pub(crate) async fn execute(
    arguments: impl IntoIterator<Item = OsString>,
    setup: Setup,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let jobs = registry::jobs();
    let name = arguments.first().map(|name| Path::new(name).with_extension(""));
    let name = name.as_deref().and_then(Path::file_name).unwrap_or_default();
    let program = Program { name: name.to_string_lossy().into_owned(), jobs, setup };
    let parsed = program.grammar().try_get_matches_from(arguments);
    match parsed.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(Arguments { command }) => command.execute(program, console).await,
        Err(error) if error.use_stderr() => {
            console.say(error.render())?;
            Ok(Exit::Usage)
        }
        Err(help) => {
            console.print(help.render())?;
            Ok(Exit::Success)
        }
    }
}

impl Command {
    async fn execute(self, program: Program, console: &mut Console<'_>) -> io::Result<Exit> {
        match self {
            Self::List(list::List) => list::List::execute(&program, console),
            Self::Plan(command) => command.execute(program, console),
            Self::Run(command) => command.execute(program, console).await,
            Self::Resume(command) => command.execute(program, console).await,
            Self::Runs(command) => command.execute(program, console),
            Self::Show(command) => command.execute(program, console),
            Self::Why(command) => command.execute(program, console),
            Self::Spin(command) => command.execute(program, console).await,
            Self::Cancel(command) => command.execute(program, console),
            Self::Gc(command) => command.execute(program, console),
            Self::Completions(command) => command.execute(&program, console),
        }
    }
}

impl Program {
    /// The arguments that this program takes: clap knows the names of its jobs.
    fn grammar(&self) -> clap::Command {
        let mut names: Vec<_> = self.jobs.iter().map(|job| job.name()).collect();
        names.dedup();
        let grammar = Arguments::command().name(self.name.clone()).bin_name(self.name.clone());
        if names.is_empty() {
            return grammar;
        }
        OF_JOBS.into_iter().fold(grammar, |grammar, command| {
            let names = PossibleValuesParser::new(names.clone());
            grammar.mut_subcommand(command, |command| {
                command.mut_arg("job", |job| job.value_parser(names))
            })
        })
    }
}

/// Says why a command cannot be meant so.
fn usage(console: &mut Console<'_>, error: impl std::fmt::Display) -> io::Result<Exit> {
    console.error(error)?;
    Ok(Exit::Usage)
}
