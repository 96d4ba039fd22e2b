//! Where what an op gives goes.

use super::returned::Returned;
use crate::error::OpError;
use crate::value::{Column, Value};

/// What an attempt gave.
pub(crate) type OpResult = Result<Returned, OpError>;

/// Takes what an op gives.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    /// What the op gave, if it has ended and that is not a value in a column.
    pub(super) given: &'a mut Option<OpResult>,
    /// The values of many keys.
    pub(super) values: Option<&'a mut Column>,
    /// Whether the last of these is the value of this step.
    pub(super) valued: bool,
}

impl<'a> Answer<'a> {
    pub(super) fn apart(given: &'a mut Option<OpResult>) -> Self {
        Self { given, values: None, valued: false }
    }

    pub(super) fn in_column(given: &'a mut Option<OpResult>, values: &'a mut Column) -> Self {
        Self { given, values: Some(values), valued: false }
    }

    /// The next step begins.
    pub(super) fn begin(&mut self) {
        self.valued = false;
    }

    /// Whether the step has given a value that stands among the others.
    pub(super) fn is_valued(&self) -> bool {
        self.valued
    }

    pub(super) fn result(&mut self, result: OpResult) {
        self.forget();
        *self.given = Some(result);
    }

    pub(super) fn value<T: Value>(&mut self, result: Result<T, OpError>) {
        self.forget();
        match (&mut self.values, result) {
            (Some(values), Ok(value)) => {
                values.push(value);
                self.valued = true;
            }
            (_, result) => *self.given = Some(result.map(Returned::value)),
        }
    }

    /// Forgets what was given before: an op written by hand may give something else after all.
    pub(super) fn forget(&mut self) {
        if std::mem::take(&mut self.valued)
            && let Some(values) = &mut self.values
        {
            values.drop_last();
        }
        if self.given.is_some() {
            *self.given = None;
        }
    }
}
