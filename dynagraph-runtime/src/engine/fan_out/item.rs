//! What a fan-out is fed with, and how that ends.

use crate::engine::cause::{Cause, CopyOf};
use crate::engine::outcome::Outcome;
use crate::key::MappingKey;
use crate::value::Erased;

/// One emitted key, and what its instance is given.
#[derive(Debug)]
pub(in crate::engine) struct Item {
    pub(in crate::engine) index: u64,
    pub(in crate::engine) key: MappingKey,
    pub(in crate::engine) elements: Elements,
}

/// What an instance is given, or gives: most often one value, which needs no list.
#[derive(Debug, Clone)]
pub(in crate::engine) enum Elements {
    One(Outcome),
    Many(Vec<Outcome>),
}

impl Elements {
    pub(in crate::engine) fn ready(value: Erased) -> Self {
        Self::One(Outcome::Ready(value))
    }

    pub(in crate::engine) fn of(mut elements: impl ExactSizeIterator<Item = Outcome>) -> Self {
        match elements.next() {
            Some(element) if elements.len() == 0 => Self::One(element),
            first => Self::Many(first.into_iter().chain(elements).collect()),
        }
    }

    /// The first; where there is one, the only one.
    pub(in crate::engine) fn first(&self) -> Option<&Outcome> {
        match self {
            Self::One(element) => Some(element),
            Self::Many(elements) => elements.first(),
        }
    }

    /// The only one.
    pub(in crate::engine) fn into_one(self) -> Outcome {
        match self {
            Self::One(element) => element,
            Self::Many(_) => Outcome::FAULT,
        }
    }

    pub(in crate::engine) fn each(self, mut give: impl FnMut(usize, Outcome)) {
        match self {
            Self::One(element) => give(0, element),
            Self::Many(elements) => {
                for (place, element) in elements.into_iter().enumerate() {
                    give(place, element);
                }
            }
        }
    }
}

/// How the emission of keys ended.
#[derive(Debug, Clone)]
pub(in crate::engine) enum Ending {
    Done,
    Skipped,
    Failed(Cause),
}

impl Ending {
    /// How two emissions ended together.
    #[must_use]
    pub(in crate::engine) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Failed(one), Self::Failed(other)) => Self::Failed(Cause::merged([one, other])),
            (Self::Failed(cause), _) | (_, Self::Failed(cause)) => Self::Failed(cause),
            (Self::Skipped, _) | (_, Self::Skipped) => Self::Skipped,
            (Self::Done, Self::Done) => Self::Done,
        }
    }

    /// The ending outside of the copy that it was in.
    #[must_use]
    pub(in crate::engine) fn leaving(self, copy: &CopyOf) -> Self {
        match self {
            Self::Failed(cause) => Self::Failed(cause.leaving(|| copy.clone())),
            ending => ending,
        }
    }
}

impl From<&Outcome> for Ending {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Ready(_) => Self::Done,
            Outcome::Skipped => Self::Skipped,
            Outcome::Failed(cause) => Self::Failed(cause.clone()),
        }
    }
}
