//! What must be so after every session of a run.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use dynagraph::store::{RunStore, StoredOutput, StoredStep, StoredValue};
use dynagraph::{SqliteStore, StepStatus};

use crate::folder;
use crate::journal::Calls;
use crate::outcome::Status;
use crate::victim::AT_ONCE;

/// The nodes whose steps emit, or may be told to fail: what is canceled in the middle of their steps is lost.
const MAY_BREAK_OFF: [&str; 7] =
    ["groups", "members", "measure", "parts", "numbers", "ticks", "finish"];

/// The nodes whose steps may be more than run at once: they wait for room to emit.
const LENDS_ITS_SLOT: [&str; 2] = ["members", "ticks"];

/// How a run goes that nothing happens to.
#[derive(Debug)]
pub(crate) struct Unbroken {
    /// For each step, how many attempts it takes, and its inputs.
    steps: HashMap<String, (u32, u64)>,
    pub(crate) output: String,
}

/// What becomes of a run, session by session.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// What the store has.
    stored: HashSet<String>,
    executed: usize,
    /// What was executed in vain.
    lost: usize,
}

/// What one session came to.
#[derive(Debug, Default)]
pub(crate) struct Session {
    pub(crate) executed: usize,
    /// How many steps the store does not have.
    pub(crate) missing: usize,
    /// The calls that had not ended.
    pub(crate) in_flight: usize,
    /// The calls that had ended, of steps that the store does not have.
    pub(crate) not_stored: usize,
}

impl Unbroken {
    pub(crate) fn new(calls: Calls, output: String) -> Result<Self> {
        let mut steps = HashMap::new();
        for (step, called) in calls.0 {
            let attempts = u32::try_from(called.attempts.len())?;
            let input = *called.inputs.first().context("a step without a call")?;
            ensure!(called.in_flight == 0, "{step} has not ended");
            steps.insert(step, (attempts, input));
        }
        Ok(Self { steps, output })
    }

    /// How many calls a whole run needs.
    pub(crate) fn necessary(&self) -> usize {
        self.steps.values().map(|(attempts, _)| *attempts as usize).sum()
    }

    pub(crate) fn steps(&self) -> usize {
        self.steps.len()
    }
}

impl Progress {
    /// Looks at what a session called, and at what the store has after it.
    pub(crate) fn session(
        &mut self,
        unbroken: &Unbroken,
        status: Status,
        journal: &Path,
        store: &Path,
    ) -> Result<Session> {
        let calls = Calls::read(journal)?;
        self.check_calls(unbroken, &calls)?;
        let stored = stored(store)?;
        let forgotten = self.stored.difference(&stored).next();
        ensure!(forgotten.is_none(), "{forgotten:?} was stored, and is no more");
        for step in stored.difference(&self.stored) {
            ensure!(calls.0.contains_key(step), "{step} is stored, and was not called");
        }
        let missing = unbroken.steps().saturating_sub(stored.len());
        let mut running = 0;
        let mut session = Session { missing, ..Session::default() };
        for (step, called) in &calls.0 {
            session.executed += called.attempts.len();
            session.in_flight += called.in_flight;
            let node = step.split('[').next().unwrap_or_default();
            running += if LENDS_ITS_SLOT.contains(&node) { 0 } else { called.in_flight };
            if stored.contains(step) {
                continue;
            }
            self.lost += called.attempts.len();
            session.not_stored += called.attempts.len() - called.in_flight;
            let told = matches!(status, Status::Failed | Status::Canceled);
            ensure!(!told || MAY_BREAK_OFF.contains(&node), "{step} ended, and is not stored");
        }
        ensure!(running <= AT_ONCE, "{running} steps at once");
        self.executed += session.executed;
        self.stored = stored;
        Ok(session)
    }

    /// Nothing is called that is stored, nothing twice, and nothing with other inputs.
    fn check_calls(&self, unbroken: &Unbroken, calls: &Calls) -> Result<()> {
        for (step, called) in &calls.0 {
            ensure!(!self.stored.contains(step), "{step} was stored, and is called again");
            let Some((attempts, input)) = unbroken.steps.get(step) else {
                bail!("{step} is no step of an unbroken run");
            };
            ensure!(called.inputs.iter().all(|it| it == input), "{step} has other inputs");
            let count = u32::try_from(called.attempts.len())?;
            let is_in_order = called.attempts.iter().copied().eq(1..=count);
            ensure!(is_in_order && count <= *attempts, "{step} is called as {:?}", called.attempts);
        }
        Ok(())
    }

    /// The run is done. Says how many calls there were beyond the necessary.
    pub(crate) fn done(&self, unbroken: &Unbroken, output: &str) -> Result<usize> {
        ensure!(output == unbroken.output, "the output is another one");
        let missing = unbroken.steps.keys().find(|step| !self.stored.contains(*step));
        ensure!(missing.is_none(), "the run is done, and {missing:?} is not stored");
        let beyond = self.executed.checked_sub(unbroken.necessary()).context("too few calls")?;
        ensure!(beyond <= self.lost, "{beyond} calls too many, and only {} were lost", self.lost);
        Ok(beyond)
    }
}

/// The steps whose success a store has, with all of their values.
fn stored(folder: &Path) -> Result<HashSet<String>> {
    // A copy: whoever opens a database that was left takes its log in, and that is for the next session to do.
    let copied = tempfile::tempdir_in(folder.parent().unwrap_or(folder))?;
    folder::copy(folder, copied.path())?;
    let path = folder::database(copied.path());
    if !path.is_file() {
        return Ok(HashSet::new());
    }
    let store = SqliteStore::open(path).context("the store after a session")?;
    let runs = store.runs()?;
    ensure!(runs.len() <= 1, "{} runs", runs.len());
    let Some(run) = runs.first() else { return Ok(HashSet::new()) };
    let run = store.read(run.id)?;
    ensure!(run.damaged() == 0, "{} records are damaged", run.damaged());
    let done = run.steps().filter(|step| step.status == StepStatus::Success);
    let mut steps = HashSet::new();
    for step in done {
        ensure!(is_whole(step), "{} is stored without a value", step.key);
        steps.insert(step.key.to_string());
    }
    Ok(steps)
}

fn is_whole(step: &StoredStep) -> bool {
    let is_there = |value: &StoredValue| value.bytes().is_ok();
    step.outputs.iter().all(|output| match output {
        StoredOutput::Value(value) => is_there(value),
        StoredOutput::Nothing => true,
        StoredOutput::NotEncodable => false,
        StoredOutput::Emitted(keys) => {
            keys.iter().all(|key| key.value.as_ref().is_some_and(is_there))
        }
    })
}
