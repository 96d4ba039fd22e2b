//! Which of the keys that are ready starts next, drawn from a seed: for tests of what must not depend on it.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::Engine;
use super::frame::Frame;
use crate::graph::ScopeId;

/// The draws of one fan-out, whatever the others do.
#[derive(Debug)]
pub(super) struct Shuffle(fastrand::Rng);

impl Shuffle {
    /// None in a run that keeps the order of emission.
    pub(super) fn of(engine: &Engine, scope: ScopeId, frame: &Frame) -> Option<Self> {
        let seed = engine.options.shuffle?;
        let mut hasher = DefaultHasher::new();
        (seed, scope, frame.path.indexes()).hash(&mut hasher);
        Some(Self(fastrand::Rng::with_seed(hasher.finish())))
    }

    /// Takes any of these.
    pub(super) fn pick<T>(&mut self, from: &mut VecDeque<T>) -> Option<T> {
        if from.is_empty() {
            return None;
        }
        let place = self.0.usize(..from.len());
        from.swap_remove_back(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_picked_once_in_an_order_that_the_seed_says() {
        let picked = |seed| {
            let (mut shuffle, mut from) =
                (Shuffle(fastrand::Rng::with_seed(seed)), (0..20).collect());
            std::iter::from_fn(|| shuffle.pick(&mut from)).collect::<Vec<_>>()
        };
        assert_eq!(picked(1), picked(1));
        assert_ne!(picked(1), picked(2));
        let mut all = picked(1);
        assert!(!all.is_sorted());
        all.sort_unstable();
        assert_eq!(all, (0..20).collect::<Vec<_>>());
    }
}
