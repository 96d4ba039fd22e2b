//! What is known of a step before it is run: by the run's store, and by its selection.

use crate::engine::Engine;
use crate::engine::ledger::Ended;
use crate::engine::outcome::Outcome;
use crate::engine::storing::Known;
use crate::graph::NodeId;
use crate::key::KeyPath;
use crate::op::Returned;
use crate::plan::OpPlan;
use crate::selection::Choice;
use crate::value::Erased;

/// What becomes of a step whose inputs are there.
#[must_use]
pub(in crate::engine) enum Recalled {
    /// Its op is called.
    Run(Known),
    /// It gave this before.
    Given(Known, Returned),
    /// It is not run.
    LeftOut(Ended, Outcome),
}

impl Engine {
    /// Whether anybody is asked before a step is run.
    pub(in crate::engine) fn recalls(&self) -> bool {
        self.storing.is_some() || self.selecting.is_some()
    }

    /// Asks the run's selection whether a step may be run, and the store what it gave. The first of its inputs is the last.
    pub(in crate::engine) fn recall(
        &self,
        id: NodeId,
        op: &OpPlan,
        inputs: &[Erased],
        path: impl Fn() -> KeyPath,
    ) -> Recalled {
        let choice = self.selecting.as_ref().map(|selecting| selecting.choice(id, &path));
        let alone = self.selecting.as_ref().is_some_and(|selecting| selecting.alone);
        let (known, given) = match (&self.storing, choice) {
            (None, _) => (Known::default(), None),
            (Some(_), Some(Choice::Other)) if alone => (Known::default(), None),
            (Some(storing), Some(Choice::Selected)) => (storing.known(op, inputs, path), None),
            (Some(storing), _) => storing.recall(op, inputs, path),
        };
        match (given, choice) {
            (Some(returned), _) => Recalled::Given(known, returned),
            (None, None | Some(Choice::Selected)) => Recalled::Run(known),
            (None, Some(choice)) => {
                let (ended, missing) = self.left_out(id, choice);
                Recalled::LeftOut(ended, missing)
            }
        }
    }
}
