//! Puts the steps of a run in order, which come in blocks that mostly are.

use std::cmp::Ordering;

use super::StepRecord;
use crate::collector::permute;

/// Steps as those who ran them tell of them: in blocks, each of one node.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    steps: Vec<StepRecord>,
    /// Where each block begins.
    starts: Vec<usize>,
}

impl Blocks {
    /// Takes a block.
    pub(crate) fn append(&mut self, block: &mut Vec<StepRecord>) {
        self.starts.push(self.steps.len());
        self.steps.append(block);
    }

    /// All steps, in graph order, then in the order of emission.
    pub(crate) fn into_ordered(self) -> Vec<StepRecord> {
        let Self { mut steps, starts } = self;
        if steps.is_sorted_by(|a, b| order(a, b).is_le()) {
            return steps;
        }
        let ends = starts.iter().skip(1).copied().chain([steps.len()]);
        let mut blocks: Vec<_> = starts.iter().zip(ends).map(|(start, end)| *start..end).collect();
        let of = |at: &usize| &steps[*at];
        blocks.sort_by(|a, b| order(of(&a.start), of(&b.start)));
        let mut sources: Vec<usize> = blocks.into_iter().flatten().collect();
        if !sources.is_sorted_by(|a, b| order(of(a), of(b)).is_le()) {
            sources.sort_by(|a, b| order(of(a), of(b)));
        }
        permute(&mut steps, sources);
        steps
    }
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

    fn ordered(blocks: &[&[(usize, &[u64])]]) -> Vec<(usize, Vec<u64>)> {
        let mut all = Blocks::default();
        for block in blocks {
            all.append(&mut block.iter().map(|(node, places)| step(*node, places)).collect());
        }
        let steps = all.into_ordered();
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
}
