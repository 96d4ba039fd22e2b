//! Finds a run by the first digits of its id.

use std::fmt::{self, Display};

use dynagraph_runtime::RunId;
use dynagraph_runtime::store::RunSummary;

use crate::command::describe;

/// How many digits of an id are shown where no more are needed.
const FEWEST_DIGITS: usize = 8;

/// How many runs are named that may be meant.
const NAMED: usize = 5;

/// Why no run is found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::command) enum NotFound {
    #[error(
        "`{0}` is not the id of a run, nor the beginning of one: an id has digits from 0 to 9 and a to f"
    )]
    NotAnId(String),
    #[error("the store has no run `{0}`")]
    Unknown(String),
    #[error("`{0}` is the beginning of {len} runs:{1}", len = .1.0.len())]
    Ambiguous(String, Candidates),
}

/// The runs that may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::command) struct Candidates(Vec<String>);

impl Display for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(NAMED).try_for_each(|run| write!(f, "\n  {run}"))?;
        if self.0.len() > NAMED { f.write_str("\n  …") } else { Ok(()) }
    }
}

/// The run whose id begins with this text, if there is one.
pub(super) fn find<'a>(runs: &'a [RunSummary], text: &str) -> Result<&'a RunSummary, NotFound> {
    let wanted = text.to_ascii_lowercase();
    if wanted.is_empty() || !wanted.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(NotFound::NotAnId(text.to_owned()));
    }
    let begins = |run: &&RunSummary| run.id.to_string().starts_with(&wanted);
    match runs.iter().filter(begins).collect::<Vec<_>>()[..] {
        [] => Err(NotFound::Unknown(text.to_owned())),
        [run] => Ok(run),
        ref several => {
            let name = |run: &&RunSummary| {
                let began = describe::when(run.started);
                format!("{}  {}  {}  {began}", run.id, run.job, describe::state(&run.state))
            };
            let candidates = Candidates(several.iter().map(name).collect());
            Err(NotFound::Ambiguous(text.to_owned(), candidates))
        }
    }
}

/// How many digits tell each of these runs from the others, and how many are shown at least.
pub(in crate::command) fn digits(runs: impl IntoIterator<Item = RunId>) -> usize {
    let mut ids: Vec<_> = runs.into_iter().map(|run| run.to_string()).collect();
    ids.sort_unstable();
    let common = |pair: &[String]| {
        pair[0].bytes().zip(pair[1].bytes()).take_while(|(one, other)| one == other).count()
    };
    ids.windows(2).map(|pair| common(pair) + 1).max().unwrap_or_default().max(FEWEST_DIGITS)
}

#[cfg(test)]
mod tests {
    use dynagraph_runtime::store::{RunInfo, RunState};

    use super::*;

    fn run(id: u128) -> RunSummary {
        let mut info = RunInfo::new("nightly");
        info.id = RunId::from_bytes((id << 96).to_be_bytes());
        RunSummary::new(&info, None, RunState::Interrupted)
    }

    #[test]
    fn a_run_is_found_by_as_many_digits_as_tell_it_from_others() {
        let runs = [run(0xab12_0000), run(0xab34_0000), run(0xcd00_0000)];
        let found = |text: &str| find(&runs, text).map(|run| run.id);
        assert_eq!(found("c"), Ok(runs[2].id));
        assert_eq!(found("AB3"), Ok(runs[1].id));
        assert_eq!(found(&runs[0].id.to_string()), Ok(runs[0].id));
        assert_eq!(found("ab5"), Err(NotFound::Unknown("ab5".to_owned())));
        assert_eq!(found("crawl"), Err(NotFound::NotAnId("crawl".to_owned())));
        assert_eq!(found(""), Err(NotFound::NotAnId(String::new())));
        let error = found("ab").unwrap_err().to_string();
        assert!(error.starts_with("`ab` is the beginning of 2 runs:\n  ab12"), "{error}");
    }

    #[test]
    fn an_id_is_shown_with_as_many_digits_as_it_needs() {
        assert_eq!(digits([]), 8);
        assert_eq!(digits([run(1).id, run(0xab).id]), 8);
        let near = |last: u128| RunId::from_bytes(((0xab << 96) | (last << 80)).to_be_bytes());
        assert_eq!(digits([near(0), near(1), run(0xcd).id]), 12);
    }
}
