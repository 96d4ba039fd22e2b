//! A list of dynamic outputs whose values have no type here.

use std::collections::VecDeque;

use crate::key::{KeySet, MappingKey};
use crate::op::{EmitError, List, check_key};
use crate::value::{Column, Erased};

/// What a step emitted in an earlier session of its run, or has just returned.
pub(super) struct StoredList(pub(super) VecDeque<(MappingKey, Erased)>);

impl List for StoredList {
    fn check_keys(&self, output: &'static str) -> Result<(), EmitError> {
        let mut seen = KeySet::default();
        self.0.iter().try_for_each(|(key, _)| check_key(output, key, &mut seen))
    }

    fn each_key(&self, visit: &mut dyn FnMut(&MappingKey)) {
        self.0.iter().for_each(|(key, _)| visit(key));
    }

    fn next(&mut self) -> Option<(MappingKey, Erased)> {
        self.0.pop_front()
    }

    fn take(&mut self, count: usize, values: &mut Column, give: &mut dyn FnMut(MappingKey)) {
        for (key, value) in self.0.drain(..count.min(self.0.len())) {
            values.push_erased(value);
            give(key);
        }
    }

    fn remaining(&self) -> usize {
        self.0.len()
    }
}
