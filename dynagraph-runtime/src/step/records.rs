//! The steps that a run keeps, in order.

use super::{Block, StepRecord};

/// Steps in graph order, then in the order of emission. They are in blocks, as one that was made is not moved.
#[derive(Debug, Default)]
pub(crate) struct Records {
    blocks: Vec<Block>,
    /// Where each block begins.
    starts: Vec<usize>,
}

impl Records {
    /// Of blocks which are in order, as are the steps in each.
    pub(super) fn new(blocks: Vec<Block>) -> Self {
        let mut records = Self { blocks, starts: Vec::new() };
        records.count();
        records
    }

    fn count(&mut self) {
        let start = |next: &mut usize, block: &Block| {
            let start = *next;
            *next += block.len();
            Some(start)
        };
        self.starts = self.blocks.iter().scan(0, start).collect();
    }

    pub(crate) fn len(&self) -> usize {
        self.blocks.iter().map(Block::len).sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &StepRecord> + Clone {
        self.blocks.iter().flat_map(Block::records)
    }

    /// The step at a place.
    pub(crate) fn at(&self, place: usize) -> &StepRecord {
        let block = self.starts.partition_point(|start| *start <= place) - 1;
        &self.blocks[block].records()[place - self.starts[block]]
    }

    /// The steps in their blocks.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter()
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&StepRecord) -> bool) {
        for block in &mut self.blocks {
            let mut steps = std::mem::take(block).into_records();
            steps.retain(&mut keep);
            *block = Block::Each(steps);
        }
        self.count();
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::graph::NodeId;
    use crate::key::KeyPath;
    use crate::step::StepStatus;

    fn records(blocks: &[Range<usize>]) -> Records {
        let step = |node| StepRecord {
            node: NodeId(node),
            path: KeyPath::root(),
            status: StepStatus::Failure,
            attempts: 1,
            error: None,
            extra: None,
        };
        let block = |nodes: Range<usize>| Block::Each(nodes.map(step).collect());
        Records::new(blocks.iter().cloned().map(block).collect())
    }

    #[test]
    fn a_step_is_found_at_its_place() {
        let records = records(&[0..1, 1..4, 4..9]);
        assert_eq!(records.len(), 9);
        for (place, step) in records.iter().enumerate() {
            assert_eq!(step.node, NodeId(place));
            assert!(std::ptr::eq(step, records.at(place)));
        }
    }

    #[test]
    fn a_step_is_found_at_its_place_after_others_were_left_out() {
        for kept in [0..9, 1..5, 4..9, 0..4, 5..6, 3..3] {
            let mut records = records(&[0..1, 1..4, 4..9]);
            records.retain(|step| kept.contains(&step.node.0));
            assert_eq!(records.len(), kept.len());
            for (place, node) in kept.enumerate() {
                assert_eq!(records.at(place).node, NodeId(node));
            }
        }
    }
}
