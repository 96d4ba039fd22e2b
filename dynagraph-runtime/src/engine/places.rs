//! Where the attempts of a lane go on.

use crate::op::Running;

/// The most places: the nodes of a long chain share them.
const MAX: usize = 8;

/// A place for each node of a chain, which the attempts of other keys use again.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// That of the first node, which many chains have alone.
    first: Running,
    others: Box<[Running]>,
}

impl Places {
    pub(super) fn new(nodes: usize) -> Self {
        let others = 1..nodes.min(MAX);
        Self { first: Running::default(), others: others.map(|_| Running::default()).collect() }
    }

    /// That of a node.
    pub(super) fn of(&mut self, node: usize) -> &mut Running {
        match node % MAX {
            0 => &mut self.first,
            other => &mut self.others[other - 1],
        }
    }
}
