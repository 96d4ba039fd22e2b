//! What an attempt gives: something for each output of its op.

use std::fmt;

use super::dynamic::{DynamicOutput, EmitError, check_list};
use crate::key::MappingKey;
use crate::value::{Column, Erased, Value};

/// What an attempt gave, for every output of its op.
#[derive(Debug)]
pub struct Returned(pub(crate) Outputs);

#[derive(Debug)]
pub(crate) enum Outputs {
    One(Output),
    Many(Box<[Output]>),
}

impl Returned {
    /// The value of the only output.
    pub(crate) fn value<T: Value>(value: T) -> Self {
        Self::one(Output::value(value))
    }

    /// What the only output gave.
    pub fn one(output: Output) -> Self {
        Self(Outputs::One(output))
    }

    /// What each output gave, in the order of the op's spec.
    pub fn many(outputs: impl Into<Vec<Output>>) -> Self {
        Self(Outputs::Many(outputs.into().into_boxed_slice()))
    }

    pub(crate) fn outputs(&self) -> &[Output] {
        match &self.0 {
            Outputs::One(output) => std::slice::from_ref(output),
            Outputs::Many(outputs) => outputs,
        }
    }
}

/// What one output gave.
#[derive(Debug)]
pub struct Output(pub(crate) Given);

pub(crate) enum Given {
    Value(Erased),
    Nothing,
    Emitted,
    List(Box<dyn List>),
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value(_) => "Value",
            Self::Nothing => "Nothing",
            Self::Emitted => "Emitted",
            Self::List(_) => "List",
        })
    }
}

impl Output {
    /// A value.
    pub fn value<T: Value>(value: T) -> Self {
        Self(Given::Value(Erased::new(value)))
    }

    /// A value, or nothing, which skips the steps that need it.
    pub fn optional<T: Value>(value: Option<T>) -> Self {
        Self(value.map_or(Given::Nothing, |value| Given::Value(Erased::new(value))))
    }

    /// All values of a dynamic output.
    pub fn list<T: Value>(values: Vec<DynamicOutput<T>>) -> Self {
        Self(Given::List(Box::new(values.into_iter())))
    }

    /// The values of a dynamic output, each emitted before.
    pub fn emitted() -> Self {
        Self(Given::Emitted)
    }
}

/// A returned list of dynamic outputs.
pub(crate) trait List: Send {
    /// Says whether an output of this name may emit all keys that are left.
    fn check_keys(&self, output: &'static str) -> Result<(), EmitError>;
    /// Goes through the keys that are left, in order.
    fn each_key(&self, visit: &mut dyn FnMut(&MappingKey));
    fn next(&mut self) -> Option<(MappingKey, Erased)>;
    /// Takes up to so many values, and gives their keys.
    fn take(&mut self, count: usize, values: &mut Column, give: &mut dyn FnMut(MappingKey));
    fn remaining(&self) -> usize;
}

impl<T: Value> List for std::vec::IntoIter<DynamicOutput<T>> {
    fn check_keys(&self, output: &'static str) -> Result<(), EmitError> {
        check_list(output, self.as_slice())
    }

    fn each_key(&self, visit: &mut dyn FnMut(&MappingKey)) {
        self.as_slice().iter().map(DynamicOutput::key).for_each(visit);
    }

    fn next(&mut self) -> Option<(MappingKey, Erased)> {
        let (value, key) = Iterator::next(self)?.into_parts();
        Some((key, Erased::new(value)))
    }

    fn take(&mut self, count: usize, values: &mut Column, give: &mut dyn FnMut(MappingKey)) {
        for output in Iterator::take(self, count) {
            let (value, key) = output.into_parts();
            values.push(value);
            give(key);
        }
    }

    fn remaining(&self) -> usize {
        self.len()
    }
}
