//! Processes that do one thing and print numbers: memory has to start from nothing, and cores cannot be given back.

use std::error::Error;
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::ValueEnum;
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::allocator;
use crate::arena::{Arena, prepare};
use crate::args::Args;
use crate::clock::Sample;
use crate::contestant::Contestant;
use crate::row::Row;

/// What one run asked of the allocator and of the system.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) allocations: f64,
    pub(crate) bytes: f64,
    /// Above what was resident before the run.
    pub(crate) peak: f64,
}

/// Runs once in a process of its own, and counts.
pub(crate) fn memory_of(
    row: Row,
    contestant: Contestant,
    n: u64,
    workers: usize,
) -> Option<Memory> {
    let numbers = start((row, contestant, n), &["--workers", &workers.to_string()])?;
    let [allocations, bytes, peak] = numbers.try_into().ok()?;
    Some(Memory { allocations, bytes, peak })
}

/// Runs in a process of its own that has so many cores.
pub(crate) fn time_on(cores: usize, row: Row, contestant: Contestant, n: u64) -> Option<Sample> {
    let cores = cores.to_string();
    let numbers = start((row, contestant, n), &["--workers", &cores, "--pin", &cores])?;
    let [wall, cpu] = numbers.try_into().ok()?;
    Some(Sample { wall, cpu })
}

fn start((row, contestant, n): (Row, Contestant, u64), more: &[&str]) -> Option<Vec<f64>> {
    let child = Command::new(std::env::current_exe().ok()?)
        .args(["--child", &name(row), &name(contestant), &n.to_string()])
        .args(more)
        .stderr(Stdio::inherit())
        .output()
        .ok()?;
    let text = String::from_utf8(child.stdout).ok().filter(|_| child.status.success())?;
    text.split_whitespace().map(|number| number.parse().ok()).collect()
}

fn name(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// What such a process does; gives what it prints.
pub(crate) fn run(args: &Args) -> Result<String, Box<dyn Error>> {
    let [row, contestant, n] = args.child.as_slice() else { return Err("three values".into()) };
    let row = Row::from_str(row, false)?;
    let contestant = Contestant::from_str(contestant, false)?;
    let n = n.parse()?;
    if let Some(cores) = args.pin {
        let mut set = CpuSet::new();
        (0..cores).for_each(|core| set.set(core));
        sched_setaffinity(None, &set)?;
    }
    let arena = Arena::new(args.workers(), Duration::from_secs(100))?;
    prepare(row);
    match args.pin {
        Some(_) => time(&arena, row, contestant, n),
        None => memory(&arena, row, contestant, n),
    }
}

fn time(arena: &Arena, row: Row, contestant: Contestant, n: u64) -> Result<String, Box<dyn Error>> {
    arena.sample((row, contestant, n), 1)?;
    let Sample { wall, cpu } = arena.sample((row, contestant, n), 3)?;
    Ok(format!("{wall} {cpu}"))
}

/// The first, small run makes what a process makes once.
#[expect(clippy::cast_precision_loss, reason = "nobody reads that many digits")]
fn memory(
    arena: &Arena,
    row: Row,
    contestant: Contestant,
    n: u64,
) -> Result<String, Box<dyn Error>> {
    arena.sample((row, contestant, n.min(1_000)), 1)?;
    // From here on, the peak is the peak since now.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let before = status("VmRSS:")?;
    allocator::start();
    let ended = arena.sample((row, contestant, n), 1);
    let allocated = allocator::stop();
    ended?;
    let peak = status("VmHWM:")?.saturating_sub(before);
    let per_key = |count: u64| count as f64 / n as f64;
    Ok(format!("{} {} {peak}", per_key(allocated.allocations), per_key(allocated.bytes)))
}

/// A number of this process's status, in bytes.
fn status(field: &str) -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).ok_or("no such field")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1_024)
}
