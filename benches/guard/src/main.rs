//! Compares the instructions that a mapping key costs with committed numbers.
//!
//! `cargo run --release -p dynagraph-guard -- check`, and `check --bless` to write the numbers.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a tool")]

mod callgrind;
mod check;
mod instructions;
mod program;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use program::Program;

const USAGE: &str = "usage: dynagraph-guard check [--bless] | (one | three | emitted) <keys>";

fn main() -> ExitCode {
    let args: Vec<_> = env::args().skip(1).collect();
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    match run(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[&str]) -> Result<ExitCode, Box<dyn Error>> {
    match args {
        ["check"] => check::check(),
        ["check", "--bless"] => check::bless(),
        [program, keys] => {
            let program = Program::ALL.into_iter().find(|known| known.name() == *program);
            println!("{}", program.ok_or(USAGE)?.run(keys.parse()?)?);
            Ok(ExitCode::SUCCESS)
        }
        _ => Err(USAGE.into()),
    }
}
