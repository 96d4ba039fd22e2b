//! What is known of a run at its end.

use std::time::Duration;

use super::Engine;
use super::judgement::Judgement;
use super::ledger::Account;
use super::outcome::{Fate, Outcome};
use super::selecting::Selecting;
use super::stop::Why;
use super::storing::OpenRun;
use crate::key::StepKey;
use crate::op::RunId;
use crate::partial::Exceeded;
use crate::step::StepRecord;
use crate::store::{Resumed, StoreError, UnstoredOutput};
use crate::sync::lock;
use crate::value::Erased;

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) run_id: RunId,
    pub(crate) account: Account,
    /// The job's outputs, if all of them are there.
    pub(crate) outputs: Option<Vec<Erased>>,
    /// What becomes of the run by its failures.
    pub(crate) judgement: Judgement,
    /// What more keys failed of than a `collect_partial` tolerates.
    pub(crate) exceeded: Vec<Exceeded>,
    /// The parts of its selection that no step has matched.
    pub(crate) unmatched: Vec<String>,
    pub(crate) fault: Option<String>,
    /// Why the run ended before its end, if it did.
    pub(crate) stopped: Option<Why>,
    /// The steps that could not be aborted.
    pub(crate) waited_for: Vec<StepKey>,
    pub(crate) took: Duration,
    /// What became of the stored steps of a run that went on.
    pub(crate) resumed: Option<Resumed>,
    pub(crate) unstored: Vec<UnstoredOutput>,
    /// The run in its store, which does not know the end yet.
    pub(crate) stored: Option<OpenRun>,
    /// Why the store kept nothing more, if that ended the run.
    pub(crate) not_stored: Option<StoreError>,
}

impl Ran {
    /// Of a run that has ended, before its end if it was `stopped`, and of which no task is left.
    pub(super) fn new(
        engine: &Engine,
        outputs: Option<Vec<Outcome>>,
        stopped: Option<Why>,
        waited_for: Vec<StepKey>,
        stored: Option<OpenRun>,
    ) -> Self {
        let (plan, whole) = (&engine.plan, stopped.is_none());
        let mut account = engine.ledger.close(engine.names.clone());
        engine.discarded.forget(plan, &mut account, whole);
        let storing = engine.storing.as_ref();
        let resumed = storing.and_then(|storing| storing.resumed(plan, &account, whole));
        let unstored = storing.map(|storing| storing.unstored(plan, &account));
        if !engine.options.keep_steps && engine.rules.record_success() {
            account.steps.retain(StepRecord::is_remarkable);
        }
        let is_lost =
            |output: &Outcome| output.fate() == Fate::Failed && output.cause().left_out().is_none();
        let lost_output = outputs.iter().flatten().any(is_lost);
        let broke = stopped.is_some_and(|why| why == Why::NotStored);
        Self {
            run_id: engine.run_id,
            account,
            outputs: outputs.and_then(|outputs| outputs.into_iter().map(Outcome::ready).collect()),
            judgement: Judgement::new(plan, &engine.accepted.take(), lost_output),
            exceeded: std::mem::take(&mut *lock(&engine.exceeded)),
            unmatched: engine.selecting.as_ref().map(Selecting::unmatched).unwrap_or_default(),
            fault: lock(&engine.fault).take(),
            stopped,
            waited_for,
            took: engine.began.elapsed(),
            resumed,
            unstored: unstored.unwrap_or_default(),
            not_stored: stored.as_ref().filter(|_| broke).and_then(OpenRun::failed),
            stored,
        }
    }
}
