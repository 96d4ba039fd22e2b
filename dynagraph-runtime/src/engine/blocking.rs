//! Which step a thread is at, for those who wait for it in vain.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::graph::NodeId;
use crate::key::{KeyPath, MappingKey};
use crate::sync::lock;

/// The step that a thread is at.
///
/// A thread that runs many keys says which ones once for a block of them; for each step it writes two numbers.
#[derive(Debug)]
pub(super) struct Blocking {
    /// The instance around the keys, or the step itself.
    path: KeyPath,
    keys: Mutex<Vec<(u64, MappingKey)>>,
    index: AtomicU64,
    node: AtomicUsize,
}

/// No step at all.
const IDLE: usize = usize::MAX;

impl Blocking {
    /// A thread that is at no step yet.
    pub(super) fn new(path: KeyPath) -> Self {
        Self {
            path,
            keys: Mutex::default(),
            index: AtomicU64::new(0),
            node: AtomicUsize::new(IDLE),
        }
    }

    /// The next keys.
    pub(super) fn take<'a>(&self, keys: impl Iterator<Item = (u64, &'a MappingKey)>) {
        let mut known = lock(&self.keys);
        known.clear();
        known.extend(keys.map(|(index, key)| (index, key.clone())));
    }

    /// A step begins.
    pub(super) fn at(&self, node: NodeId, index: u64) {
        self.index.store(index, Ordering::Relaxed);
        self.node.store(node.0, Ordering::Relaxed);
    }

    /// No step runs.
    pub(super) fn idle(&self) {
        self.node.store(IDLE, Ordering::Relaxed);
    }

    /// The step that runs.
    pub(super) fn step(&self) -> Option<(NodeId, KeyPath)> {
        let node = self.node.load(Ordering::Relaxed);
        if node == IDLE {
            return None;
        }
        let index = self.index.load(Ordering::Relaxed);
        let keys = lock(&self.keys);
        let key = keys.iter().find(|(place, _)| *place == index);
        let path = match key {
            Some((_, key)) => self.path.child(key.clone(), index),
            None => self.path.clone(),
        };
        Some((NodeId(node), path))
    }
}
