//! Takes the steps of a run in the blocks in which those who ran them tell of them, and puts them in order.

use std::cmp::Ordering;

use super::{Alike, Records, StepRecord};
use crate::collector::permute;
use crate::graph::NodeId;
use crate::key::KeyPath;

/// Steps in blocks. None is empty.
#[derive(Debug, Default)]
pub(crate) struct Blocks(Vec<Block>);

/// Steps of one node, in the order of emission.
#[derive(Debug)]
pub(crate) enum Block {
    Each(Vec<StepRecord>),
    Alike(Alike),
}

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
        self.0.push(Block::Each(taken));
    }

    /// Takes blocks of steps that are alike.
    pub(crate) fn append_alike(&mut self, blocks: &mut Vec<Alike>) {
        self.0.extend(blocks.drain(..).map(Block::Alike));
    }

    /// All steps, in graph order, then in the order of emission.
    ///
    /// They stay where they are, unless blocks overlap.
    pub(crate) fn into_ordered(self) -> Records {
        let mut ends = Vec::with_capacity(self.0.len());
        let mut blocks = Vec::with_capacity(self.0.len());
        for block in self.0 {
            ends.push((block.ends(), blocks.len()));
            blocks.push(Some(block));
        }
        ends.sort_by(|([a, _], _), ([b, _], _)| a.order(b));
        let is_sorted = ends.is_sorted_by(|([_, a], _), ([b, _], _)| a.order(b).is_le());
        let blocks = ends.into_iter().filter_map(|(_, place)| blocks[place].take());
        if is_sorted {
            return Records::new(blocks.collect());
        }
        let mut steps: Vec<_> = blocks.flat_map(Block::into_records).collect();
        let mut sources: Vec<usize> = (0..steps.len()).collect();
        sources.sort_by(|a, b| order(&steps[*a], &steps[*b]));
        permute(&mut steps, sources);
        Records::new(vec![Block::Each(steps)])
    }
}

/// Where a step stands among all.
#[derive(Debug)]
struct Place(NodeId, KeyPath);

impl Place {
    fn order(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0).then_with(|| self.1.by_places(&other.1))
    }
}

impl Default for Block {
    fn default() -> Self {
        Self::Each(Vec::new())
    }
}

impl Block {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Each(steps) => steps.len(),
            Self::Alike(alike) => alike.len(),
        }
    }

    /// The steps, one by one.
    pub(crate) fn records(&self) -> &[StepRecord] {
        match self {
            Self::Each(steps) => steps,
            Self::Alike(alike) => alike.records(),
        }
    }

    pub(super) fn into_records(self) -> Vec<StepRecord> {
        match self {
            Self::Each(steps) => steps,
            Self::Alike(alike) => alike.into_records(),
        }
    }

    /// Where the first step is, and the last.
    fn ends(&self) -> [Place; 2] {
        match self {
            Self::Each(steps) => {
                let place = |step: Option<&StepRecord>| match step {
                    Some(step) => Place(step.node, step.path.clone()),
                    None => unreachable!("no block is empty"),
                };
                [place(steps.first()), place(steps.last())]
            }
            Self::Alike(alike) => alike.ends().map(|path| Place(alike.node, path)),
        }
    }
}

/// Puts steps in graph order, then in the order of emission.
pub(crate) fn sort(steps: &mut [StepRecord]) {
    if !steps.is_sorted_by(|a, b| order(a, b).is_le()) {
        steps.sort_by(order);
    }
}

fn order(a: &StepRecord, b: &StepRecord) -> Ordering {
    a.node.cmp(&b.node).then_with(|| a.path.by_places(&b.path))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::error::StepError;
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
        let [Block::Each(steps)] = all.0.as_slice() else { unreachable!("it was told one by one") };
        assert_eq!(steps.capacity(), 1);
    }

    /// S12
    #[test]
    fn steps_that_are_alike_stand_among_the_others() {
        let alike = |places: &[u64]| {
            let error = Arc::new(StepError::Panicked("never".to_owned()));
            let keys = places.iter().map(|place| (*place, (*place).into())).collect();
            Alike::failed(NodeId(1), error, KeyPath::root().shared(), keys)
        };
        for (apart, beside) in [(&[0, 1, 2], &[5, 7]), (&[0, 3, 6], &[5, 7])] {
            let mut all = told(&[&[(1, &[4])], &[(0, &[]), (0, &[])]]);
            let below = alike(apart).below(NodeId(2));
            all.append_alike(&mut vec![alike(beside), below, alike(apart)]);
            let steps = all.into_ordered();
            let mut places: Vec<_> = apart.iter().chain(&[4]).chain(beside).copied().collect();
            places.sort_unstable();
            let at = |node| {
                let of = steps.iter().filter(move |step| step.node == NodeId(node));
                of.flat_map(|step| step.path.indexes()).collect::<Vec<_>>()
            };
            assert_eq!((at(1), at(2)), (places, apart.to_vec()));
            assert_eq!(steps.len(), 2 + 6 + 3);
        }
    }
}
