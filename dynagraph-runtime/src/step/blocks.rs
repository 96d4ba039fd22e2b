//! Takes the steps of a run in the blocks in which those who ran them tell of them, and puts them in order.

use std::cmp::Ordering;

use super::{Records, StepRecord};
use crate::collector::permute;

/// Steps in blocks, each of one node and in the order of emission. None is empty.
#[derive(Debug, Default)]
pub(crate) struct Blocks(Vec<Vec<StepRecord>>);

impl Blocks {
    /// Takes all of a block, in which the steps are in [order](sort).
    pub(crate) fn append(&mut self, block: &mut Vec<StepRecord>) {
        let steps = block.len();
        if steps == 0 {
            return;
        }
        let mut taken = Vec::with_capacity(steps);
        if steps * 2 <= block.capacity() {
            taken.append(block);
        } else {
            // Whoever ran these steps most likely runs as many again.
            std::mem::swap(&mut taken, block);
        }
        self.0.push(taken);
    }

    /// All steps, in graph order, then in the order of emission.
    ///
    /// They stay where they are, unless blocks overlap.
    pub(crate) fn into_ordered(self) -> Records {
        let Self(mut blocks) = self;
        blocks.sort_by(|a, b| a.first().zip(b.first()).map_or(Ordering::Equal, by_order));
        let follows = |a: &Vec<_>, b: &Vec<_>| {
            a.last().zip(b.first()).is_none_or(|ends| by_order(ends).is_le())
        };
        if blocks.is_sorted_by(follows) {
            return Records::new(blocks);
        }
        let mut steps = Vec::with_capacity(blocks.iter().map(Vec::len).sum());
        for mut block in blocks {
            steps.append(&mut block);
        }
        let mut sources: Vec<usize> = (0..steps.len()).collect();
        sources.sort_by(|a, b| order(&steps[*a], &steps[*b]));
        permute(&mut steps, sources);
        Records::new(vec![steps])
    }
}

/// Puts steps in graph order, then in the order of emission.
pub(crate) fn sort(steps: &mut [StepRecord]) {
    if !steps.is_sorted_by(|a, b| order(a, b).is_le()) {
        steps.sort_by(order);
    }
}

fn by_order((a, b): (&StepRecord, &StepRecord)) -> Ordering {
    order(a, b)
}

fn order(a: &StepRecord, b: &StepRecord) -> Ordering {
    a.node.cmp(&b.node).then_with(|| a.path.by_places(&b.path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::NodeId;
    use crate::key::KeyPath;
    use crate::step::StepStatus;

    /// A step of a node: nested, if there are several places.
    fn step(node: usize, places: &[u64]) -> StepRecord {
        let path = places.iter().fold(KeyPath::root(), |path, at| path.child((*at).into(), *at));
        let (node, status) = (NodeId(node), StepStatus::Failure);
        StepRecord { node, path, status, attempts: 1, error: None, extra: None }
    }

    fn told(blocks: &[&[(usize, &[u64])]]) -> Blocks {
        let mut all = Blocks::default();
        for block in blocks {
            let mut block: Vec<_> =
                block.iter().map(|(node, places)| step(*node, places)).collect();
            sort(&mut block);
            all.append(&mut block);
            assert!(block.is_empty());
        }
        all
    }

    fn ordered(blocks: &[&[(usize, &[u64])]]) -> Vec<(usize, Vec<u64>)> {
        let steps = told(blocks).into_ordered();
        steps.iter().map(|step| (step.node.0, step.path.indexes())).collect()
    }

    /// S12
    #[test]
    fn blocks_of_several_lanes_and_nodes_are_put_in_order() {
        let steps = ordered(&[
            &[(2, &[64]), (2, &[66])],
            &[(1, &[64]), (1, &[65])],
            &[(2, &[0]), (2, &[1])],
            &[(1, &[0]), (1, &[7])],
            &[(0, &[])],
        ]);
        let places = [vec![], vec![0], vec![7], vec![64], vec![65], vec![0], vec![1], vec![64]];
        let nodes = [0, 1, 1, 1, 1, 2, 2, 2];
        let expected: Vec<_> = nodes.into_iter().zip(places).chain([(2, vec![66])]).collect();
        assert_eq!(steps, expected);
    }

    /// S12
    #[test]
    fn blocks_that_overlap_are_put_in_order() {
        let steps = ordered(&[&[(1, &[5]), (1, &[1])], &[(1, &[3])], &[(1, &[0]), (1, &[4])]]);
        assert_eq!(steps, [0, 1, 3, 4, 5].map(|place| (1, vec![place])));
    }

    /// S12
    #[test]
    fn the_outermost_key_orders_first() {
        let steps = ordered(&[&[(1, &[1, 0]), (1, &[1, 2])], &[(1, &[0, 3])]]);
        assert_eq!(steps, [[0, 3], [1, 0], [1, 2]].map(|places| (1, places.to_vec())));
    }

    #[test]
    fn steps_of_full_blocks_stay_where_they_are() {
        let block = |lane: u64| (lane * 20..(lane + 1) * 20).map(|place| step(1, &[place]));
        let mut blocks = [2, 0, 1].map(|lane| block(lane).collect::<Vec<_>>());
        let [last, first, middle] = [0, 1, 2].map(|lane| blocks[lane].as_ptr());
        let mut all = Blocks::default();
        for block in &mut blocks {
            all.append(block);
        }
        let steps = all.into_ordered();
        assert!(steps.iter().map(|step| step.path.indexes()).eq((0..60).map(|at| vec![at])));
        let begins = steps.iter().step_by(20).map(std::ptr::from_ref);
        assert!(begins.eq([first, middle, last]));
    }

    #[test]
    fn few_steps_take_no_room_that_was_for_many() {
        let mut all = Blocks::default();
        let mut block = Vec::with_capacity(64);
        block.push(step(1, &[0]));
        all.append(&mut block);
        assert_eq!(block.capacity(), 64);
        assert_eq!(all.0[0].capacity(), 1);
    }
}
