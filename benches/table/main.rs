//! Prints what dynagraph costs per key, beside what could be used instead.
//!
//! See `benches/README.md`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

mod allocator;
mod arena;
mod args;
mod asked;
mod child;
mod clock;
mod contestant;
mod machine;
mod ours;
mod peers;
mod race;
mod raw;
mod results;
mod row;
mod scaling;
mod table;
mod work;

use std::error::Error;
use std::time::{Duration, Instant};

use clap::Parser as _;

use crate::arena::Arena;
use crate::args::Args;
use crate::race::Care;
use crate::results::Results;

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    if !args.child.is_empty() {
        println!("{}", child::run(&args)?);
        return Ok(());
    }
    // Fails before the work rather than after it.
    let file = args.file()?;
    let text = if args.scaling {
        let machine = machine::describe(args.workers());
        let rounds = args.rounds;
        format!("# Scaling\n\n{machine}, {rounds} rounds.\n\n{}", scaling::render(rounds))
    } else {
        whole(&args)?
    };
    println!("{text}");
    if let Some(file) = file {
        std::fs::write(file, text)?;
    }
    Ok(())
}

/// Runs every row, and says on the way where it is.
fn whole(args: &Args) -> Result<String, Box<dyn Error>> {
    let workers = args.workers();
    let machine = machine::describe(workers);
    let (limit, sample) = if args.quick { (2, 5) } else { (10, 20) };
    let arena = Arena::new(workers, Duration::from_secs(limit))?;
    let care = Care { rounds: args.rounds, sample: Duration::from_millis(sample), workers };
    let start = Instant::now();
    let mut results = Results::default();
    for row in args.rows() {
        let cells = race::race(&arena, care, row, &args.contestants(), args.largest());
        results.0.extend(cells);
        eprintln!("{:4} s  {}", start.elapsed().as_secs(), row.title());
    }
    let asked = asked::render(&results)
        .map_or_else(String::new, |asked| format!("## Asked\n\n{asked}\n## All\n\n"));
    let rounds = args.rounds;
    Ok(format!("# Results\n\n{machine}, {rounds} rounds.\n\n{asked}{}", results.render()))
}
