//! Which steps of a run are executed, where somebody selected some.
//!
//! ```text
//!                 ┌─ selected ─▶ its op is called, whatever the store has
//! a step's inputs ┤             ┌─ stored ─▶ cached
//!                 └─ not ───────┤          ┌─ a selected step needs it ─▶ a failure that names it
//!                               └─ not ────┴─ nobody does ─▶ skipped
//! ```
//!
//! What is not run gives a value that failed, whose cause says that nothing did: so no collect takes the values beside it
//! for all of them, and no fold goes on without it.

mod recall;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(super) use recall::Recalled;

use super::Engine;
use super::cause::NotRun;
use super::ledger::{Ended, How};
use super::outcome::{Fate, Outcome};
use crate::engine::cause::Cause;
use crate::error::StepError;
use crate::graph::NodeId;
use crate::key::KeyPath;
use crate::selection::{Choice, Chosen};
use crate::step::StepStatus;

/// What one run knows of its selection.
#[derive(Debug)]
pub(super) struct Selecting {
    chosen: Arc<Chosen>,
    /// Which parts of the selection have matched a step.
    matched: Vec<AtomicBool>,
    /// Whether what no selected step needs is not even asked for.
    alone: bool,
}

impl Selecting {
    pub(super) fn new(chosen: Arc<Chosen>, alone: bool) -> Self {
        let matched = chosen.parts().iter().map(|_| AtomicBool::new(false)).collect();
        Self { chosen, matched, alone }
    }

    /// What is said of a step, which from now on is known to exist.
    fn choice(&self, node: NodeId, path: impl Fn() -> KeyPath) -> Choice {
        for (pattern, part) in self.chosen.parts_of(node) {
            let matched = &self.matched[*part];
            if !matched.load(Ordering::Relaxed) && pattern.matches(&path().to_string()) {
                matched.store(true, Ordering::Relaxed);
            }
        }
        self.chosen.of(node, || path().to_string())
    }

    /// The parts of the selection that no step has matched.
    pub(super) fn unmatched(&self) -> Vec<String> {
        let parts = self.chosen.parts().iter().zip(&self.matched);
        let unmatched = parts.filter(|(_, matched)| !matched.load(Ordering::Relaxed));
        unmatched.map(|(part, _)| part.clone()).collect()
    }
}

impl Engine {
    /// The end of a step without all of its inputs, and what becomes of its outputs.
    pub(super) fn unstarted(
        &self,
        id: NodeId,
        missing: Outcome,
        path: impl Fn() -> KeyPath,
    ) -> (Ended, Outcome) {
        let failed = missing.fate() == Fate::Failed;
        if let Some(selecting) = &self.selecting {
            let choice = selecting.choice(id, path);
            match (choice, missing.cause().left_out()) {
                (Choice::Selected, Some(NotRun { reported: false, node })) => {
                    return self.not_stored(id, node);
                }
                (Choice::Selected, _) | (_, None) => {}
                (_, Some(_)) => return (Ended::unstarted(id, StepStatus::Skipped), missing),
            }
        }
        (Ended::unstarted(id, StepStatus::of_unstarted(failed)), missing)
    }

    /// The end of a step that is not run, though all of its inputs are there.
    fn left_out(&self, id: NodeId, choice: Choice) -> (Ended, Outcome) {
        if choice == Choice::Needed {
            return self.not_stored(id, id);
        }
        let cause = Cause::not_run(NotRun { reported: false, node: id });
        (Ended::unstarted(id, StepStatus::Skipped), Outcome::Failed(cause))
    }

    /// The end of a step by which the run learns that selected ones need another, which is not there.
    fn not_stored(&self, id: NodeId, missing: NodeId) -> (Ended, Outcome) {
        let resumed = self.options.resume.is_some();
        let node = self.step_name(missing).0.to_string();
        let how = How { attempts: 0, ..How::at_once(id) };
        let ended = self.ended_badly(how, StepError::NotStored { node, resumed });
        let cause = Cause::not_run(NotRun { reported: true, node: missing });
        (ended, Outcome::Failed(cause))
    }
}
