//! The values of the instance that a chain runs.

use crate::engine::around::Around;
use crate::engine::cause::Cause;
use crate::engine::frame::Frame;
use crate::engine::outcome::{Fate, Outcome};
use crate::plan::{Arg, NodePlan, Place, ScopePlan};
use crate::value::Erased;

/// The values of the instance that runs.
#[derive(Debug)]
pub(super) struct Values {
    cells: Vec<Option<Outcome>>,
    /// Whether a value of the instance is missing.
    incomplete: bool,
    /// What the next op is given, the first one last.
    pub(super) inputs: Vec<Erased>,
    /// What was read of the instances around.
    captured: Vec<Option<Outcome>>,
}

impl Values {
    pub(super) fn new(plan: &ScopePlan) -> Self {
        Self {
            cells: plan.uses.iter().map(|_| None).collect(),
            incomplete: false,
            inputs: Vec::new(),
            captured: plan.outer_cells.iter().map(|_| None).collect(),
        }
    }

    pub(super) fn put(&mut self, cell: usize, outcome: Outcome) {
        self.incomplete |= !matches!(outcome, Outcome::Ready(_));
        self.cells[cell] = Some(outcome);
    }

    /// Forgets the instance.
    pub(super) fn clear(&mut self) {
        self.cells.fill_with(|| None);
        self.incomplete = false;
    }

    /// Takes what a cell holds at the end of an instance, or shares it if somebody else takes it too.
    pub(super) fn give(&mut self, cell: usize, last: bool) -> Outcome {
        let value = &mut self.cells[cell];
        let value = if last { value.take() } else { value.clone() };
        value.unwrap_or(Outcome::FAULT)
    }

    /// Reads a value of the instances around, once. Says whether it is there.
    pub(super) fn capture(
        &mut self,
        outer: &Frame,
        place: usize,
        (up, cell): (usize, usize),
    ) -> bool {
        if self.captured[place].is_none() {
            // A lane without a key may come here after the fan-out's end, and of what its keys used.
            self.captured[place] = outer.at(Place { up: up - 1, cell, captured: 0 }).try_share();
        }
        self.captured[place].is_some()
    }

    /// What becomes of a node by what it needs; or a value around that is not there yet.
    pub(super) fn fate_of_inputs(
        &mut self,
        around: &Around,
        node: &NodePlan,
    ) -> Result<Fate, Place> {
        if node.is_local && !self.incomplete {
            return Ok(Fate::Ready);
        }
        let mut fate = Fate::Ready;
        for place in node.places() {
            if place.up > 0 && !self.capture(&around.outer, place.captured, (place.up, place.cell))
            {
                return Err(place);
            }
            let Some(value) = self.at(place) else {
                unreachable!("a chain runs its nodes in order")
            };
            fate = fate.and(value.fate());
        }
        Ok(fate)
    }

    /// Whether all that a node needs of the instances around was read before, and is ready.
    pub(super) fn has_captured(&self, node: &NodePlan) -> bool {
        let mut captured = node.places().filter(|place| place.up > 0);
        captured.all(|place| matches!(self.captured[place.captured], Some(Outcome::Ready(_))))
    }

    /// What was read of a place.
    fn at(&self, place: Place) -> Option<&Outcome> {
        match place.up {
            0 => self.cells[place.cell].as_ref(),
            _ => self.captured[place.captured].as_ref(),
        }
    }

    /// Whether all of the instance's values so far are there.
    pub(super) fn are_complete(&self) -> bool {
        !self.incomplete
    }

    /// Takes the only input of a node, which nothing else uses after it.
    pub(super) fn take_input(&mut self, cell: usize) -> Option<Erased> {
        self.cells[cell].take().and_then(Outcome::ready)
    }

    /// Takes a node's inputs, all of which are ready.
    pub(super) fn take_inputs(&mut self, node: &NodePlan) {
        for arg in node.args.iter().rev() {
            let value = match arg {
                Arg::Value(value) => value.clone(),
                Arg::Cell { place, last: true } => match self.cells[place.cell].take() {
                    Some(Outcome::Ready(value)) => value,
                    _ => continue,
                },
                Arg::Cell { place, .. } => match self.at(*place) {
                    Some(Outcome::Ready(value)) => value.clone(),
                    _ => continue,
                },
            };
            self.inputs.push(value);
        }
    }

    /// Why a node has not all that it needs: what of it failed.
    pub(super) fn cause_of_inputs(&self, around: &Around, node: &NodePlan) -> Cause {
        Cause::merged(node.places().map(|place| {
            let cause = self.at(place).map_or(Cause::UNKNOWN, Outcome::cause);
            match place.up {
                0 => cause,
                up => cause.entering(around.outer.up(up - 1), place.cell),
            }
        }))
    }

    pub(super) fn pass_on(&mut self, node: &NodePlan, missing: &Outcome) {
        for cell in node.cells.iter().flatten() {
            self.put(*cell, missing.clone());
        }
    }

    pub(super) fn set(&mut self, node: &NodePlan, output: usize, outcome: Outcome) {
        if let Some(Some(cell)) = node.cells.get(output) {
            self.put(*cell, outcome);
        }
    }
}
