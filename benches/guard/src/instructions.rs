//! The committed numbers.

use std::env::consts::ARCH;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use crate::program::Program;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.txt");

/// The committed number of a program, if there is one.
pub(crate) fn committed(program: Program) -> Result<Option<u64>, Box<dyn Error>> {
    let text = fs::read_to_string(PATH)?;
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    let line = lines.find(|(name, _)| *name == program.name());
    Ok(line.map(|(_, number)| number.trim().parse()).transpose()?)
}

/// What the file says of its numbers.
pub(crate) fn origin() -> Result<String, Box<dyn Error>> {
    let text = fs::read_to_string(PATH)?;
    Ok(text.lines().take_while(|line| line.starts_with('#')).collect())
}

/// Commits these numbers.
pub(crate) fn commit(counted: &[(Program, u64)]) -> Result<(), Box<dyn Error>> {
    let rustc = Command::new("rustc").arg("--version").output()?;
    let rustc = String::from_utf8(rustc.stdout)?;
    let mut text = format!("# Instructions per key, counted on {ARCH} with {rustc}");
    for (program, number) in counted {
        writeln!(text, "{:<8} {number:>6}", program.name())?;
    }
    Ok(fs::write(PATH, text)?)
}
