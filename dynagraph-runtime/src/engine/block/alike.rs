//! Keys of a block that fail at one node, one after the other and with the same text.

use std::sync::Arc;

use super::settle::Leaving;
use crate::engine::around::Key;
use crate::error::{OpError, StepError};
use crate::key::MappingKey;
use crate::step::{Repeat, Repeats};

/// The keys that failed since the text was another.
#[derive(Debug)]
pub(super) struct FailedAlike<'a> {
    repeats: &'a mut Repeats,
    error: Option<Arc<StepError>>,
    keys: &'a mut Vec<(u64, MappingKey)>,
}

impl<'a> FailedAlike<'a> {
    /// `keys` is empty.
    pub(super) fn new(repeats: &'a mut Repeats, keys: &'a mut Vec<(u64, MappingKey)>) -> Self {
        Self { repeats, error: None, keys }
    }

    /// Takes a key that failed at this node, and that nobody is told of. Gives an error back that is its own.
    #[inline]
    pub(super) fn take(
        &mut self,
        leaving: &mut Leaving<'_>,
        at: usize,
        key: &mut Key,
        error: OpError,
    ) -> Result<(), OpError> {
        match self.repeats.take(error) {
            Repeat::Same => {}
            Repeat::New => self.leave(leaving, at),
            Repeat::Own(error) => return Err(error),
        }
        if self.keys.is_empty() {
            self.error = self.repeats.last().cloned();
        }
        self.keys.push((key.index, key.key.take()));
        Ok(())
    }

    /// The keys leave the block.
    pub(super) fn leave(&mut self, leaving: &mut Leaving<'_>, at: usize) {
        let Some(error) = self.error.take() else { return };
        if !self.keys.is_sorted_by_key(|(index, _)| *index) {
            self.keys.sort_unstable_by_key(|(index, _)| *index);
        }
        leaving.alike(at, error, self.keys.drain(..).collect());
    }
}
