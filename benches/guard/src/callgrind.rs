//! Counts the instructions of a program.

use std::env;
use std::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::process::{Command, Stdio};

use crate::program::Program;

/// What a run costs beside its keys is in both counts, and so in neither.
const FEW: u64 = 5_000;
const MANY: u64 = 25_000;

pub(crate) fn is_installed() -> Result<bool, Box<dyn Error>> {
    match Command::new("valgrind").arg("--version").stdout(Stdio::null()).status() {
        Ok(status) => Ok(status.success()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// How many instructions one more key costs: the median of three counts.
///
/// The engine asks the clock how many keys to take at once, so one count is up to 5 % off.
pub(crate) fn per_key(program: Program) -> Result<u64, Box<dyn Error>> {
    if cfg!(debug_assertions) {
        return Err("only a release build is counted: run it with `--release`".into());
    }
    let mut counts = [0; 3];
    for count in &mut counts {
        let (few, many) = (total(program, FEW)?, total(program, MANY)?);
        *count = many.saturating_sub(few) / (MANY - FEW);
    }
    counts.sort_unstable();
    Ok(counts[1])
}

fn total(program: Program, keys: u64) -> Result<u64, Box<dyn Error>> {
    let exe = env::current_exe()?;
    let out = exe.with_file_name(format!("{}-{keys}.callgrind", program.name()));
    let output = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(exe)
        .args([program.name(), &keys.to_string()])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let counts = fs::read_to_string(out)?;
    let total = counts.lines().find_map(|line| line.strip_prefix("totals: "));
    Ok(total.ok_or("callgrind counted nothing")?.trim().parse()?)
}
