//! Kills a run at random moments until it is done, and proves that nothing is lost, wrong or done twice.
//!
//! ```sh
//! cargo run --release -p dynagraph-kill -- --rounds 200                # SIGKILL
//! cargo run --release -p dynagraph-kill -- --rounds 200 --signal int   # Ctrl-C
//! cargo run --release -p dynagraph-kill -- --rounds 200 --failing      # and steps that fail
//! cargo run --release -p dynagraph-kill -- --rounds 200 --disk         # and no room on the disk
//! cargo run --release -p dynagraph-kill -- damage --cases 1000         # and damaged files
//! ```
#![expect(clippy::print_stdout, reason = "a program that prints what it found")]

mod check;
mod damage;
mod folder;
mod job;
mod journal;
mod moment;
mod outcome;
mod round;
mod tally;
mod victim;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Kills a run at random moments until it is done, and checks what becomes of it.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    rounds: round::Rounds,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Damages the files of stored runs, and goes on with them.
    Damage(damage::Damage),
    /// Is what the rounds kill.
    #[command(hide = true)]
    Victim(victim::Victim),
}

fn main() -> ExitCode {
    let Arguments { command, rounds } = Arguments::parse();
    let done = match command {
        Some(Command::Victim(victim)) => return victim.run(),
        Some(Command::Damage(damage)) => damage.run(),
        None => rounds.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
