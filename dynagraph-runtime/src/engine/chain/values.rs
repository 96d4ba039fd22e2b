//! The values of the instance that a chain runs.

use super::Around;
use crate::engine::cause::Cause;
use crate::engine::frame::Frame;
use crate::engine::outcome::{Fate, Outcome};
use crate::plan::{Arg, NodePlan, Place};
use crate::value::Erased;

/// The values of the instance that runs.
#[derive(Debug)]
pub(super) struct Values {
    pub(super) cells: Vec<Option<Outcome>>,
    pub(super) inputs: Vec<Erased>,
    /// What was read of the instances around.
    pub(super) captured: Vec<Option<Outcome>>,
}

impl Values {
    /// Takes what a cell holds at the end of an instance, or shares it if somebody else takes it too.
    pub(super) fn give(&mut self, cell: usize, last: bool) -> Outcome {
        let value = &mut self.cells[cell];
        let value = if last { value.take() } else { value.clone() };
        value.unwrap_or(Outcome::Failed(Cause::UNKNOWN))
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
            self.captured[place] = outer.at(Place { up: up - 1, cell }).try_share();
        }
        self.captured[place].is_some()
    }

    /// What becomes of a node by what it needs; or a value around that is not there yet.
    pub(super) fn fate_of_inputs(
        &mut self,
        around: &Around,
        node: &NodePlan,
    ) -> Result<Fate, Place> {
        let mut fate = Fate::Ready;
        let args = node.args.iter().filter_map(|arg| match arg {
            Arg::Cell { place, .. } => Some(*place),
            Arg::Value(_) => None,
        });
        for place in args.chain(node.after.iter().copied()) {
            let value = if place.up == 0 {
                &self.cells[place.cell]
            } else {
                let captured = captured(around, place);
                if !self.capture(&around.outer, captured, (place.up, place.cell)) {
                    return Err(place);
                }
                &self.captured[captured]
            };
            let Some(value) = value else { unreachable!("a chain runs its nodes in order") };
            fate = fate.and(value.fate());
        }
        Ok(fate)
    }

    /// Takes a node's inputs, all of which are ready.
    pub(super) fn take_inputs(&mut self, around: &Around, node: &NodePlan) {
        self.inputs.clear();
        for arg in &node.args {
            let outcome = match arg {
                Arg::Value(value) => Some(Outcome::Ready(value.clone())),
                Arg::Cell { place, last: true } => self.cells[place.cell].take(),
                Arg::Cell { place, .. } if place.up == 0 => self.cells[place.cell].clone(),
                Arg::Cell { place, .. } => self.captured[captured(around, *place)].clone(),
            };
            if let Some(Outcome::Ready(value)) = outcome {
                self.inputs.push(value);
            }
        }
    }

    /// Why a node has not all that it needs: what of it failed.
    pub(super) fn cause_of_inputs(&self, around: &Around, node: &NodePlan) -> Cause {
        let cause = |value: &Option<Outcome>| value.as_ref().map_or(Cause::UNKNOWN, Outcome::cause);
        Cause::merged(node.places().map(|place| match place.up {
            0 => cause(&self.cells[place.cell]),
            up => {
                let value = &self.captured[captured(around, place)];
                cause(value).entering(around.outer.up(up - 1), place.cell)
            }
        }))
    }

    pub(super) fn pass_on(&mut self, node: &NodePlan, missing: &Outcome) {
        for cell in node.cells.iter().flatten() {
            self.cells[*cell] = Some(missing.clone());
        }
    }

    pub(super) fn set(&mut self, node: &NodePlan, output: usize, outcome: Outcome) {
        if let Some(Some(cell)) = node.cells.get(output) {
            self.cells[*cell] = Some(outcome);
        }
    }
}

/// Where a value of the instances around is kept.
fn captured(around: &Around, place: Place) -> usize {
    let outer = &around.plan().outer_cells;
    match outer.iter().position(|outer| *outer == (place.up, place.cell)) {
        Some(captured) => captured,
        None => unreachable!("the plan lists what a scope reads of those around it"),
    }
}
