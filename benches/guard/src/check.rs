//! Compares what is counted with what is committed.

use std::error::Error;
use std::process::ExitCode;

use crate::program::Program;
use crate::{callgrind, instructions};

/// In per cent.
const MARGIN: u64 = 10;

/// How a number compares with the committed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Same,
    Better,
    Worse,
}

impl Verdict {
    fn of(counted: u64, committed: u64) -> Self {
        match counted * 100 {
            counted if counted > committed * (100 + MARGIN) => Self::Worse,
            counted if counted < committed * (100 - MARGIN) => Self::Better,
            _ => Self::Same,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Same => "ok".to_owned(),
            Self::Better => format!("more than {MARGIN} % fewer: `check --bless` keeps it so"),
            Self::Worse => format!("more than {MARGIN} % more"),
        }
    }
}

/// Fails if a program needs more instructions for a key than are committed, and the margin.
pub(crate) fn check() -> Result<ExitCode, Box<dyn Error>> {
    if !callgrind::is_installed()? {
        println!("valgrind is not installed: nothing is compared");
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}", instructions::origin()?);
    println!("{:<10}{:>10}{:>10}", "program", "committed", "counted");
    let mut code = ExitCode::SUCCESS;
    for program in Program::ALL {
        let name = program.name();
        let committed = instructions::committed(program)?;
        let committed = committed.ok_or_else(|| format!("no number is committed for {name}"))?;
        let counted = callgrind::per_key(program)?;
        let verdict = Verdict::of(counted, committed);
        println!("{name:<10}{committed:>10}{counted:>10}  {}", verdict.text());
        if verdict == Verdict::Worse {
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

/// Commits what is counted.
pub(crate) fn bless() -> Result<ExitCode, Box<dyn Error>> {
    if !callgrind::is_installed()? {
        return Err("valgrind is not installed: nothing can be counted".into());
    }
    let mut counted = Vec::new();
    for program in Program::ALL {
        counted.push((program, callgrind::per_key(program)?));
    }
    instructions::commit(&counted)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::Verdict;

    #[test]
    fn a_number_within_the_margin_is_the_same() {
        let verdicts = [899, 900, 1100, 1101].map(|counted| Verdict::of(counted, 1000));
        assert_eq!(verdicts, [Verdict::Better, Verdict::Same, Verdict::Same, Verdict::Worse]);
    }
}
