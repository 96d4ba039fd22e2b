//! What an op can ask for beside its inputs.

use std::any::type_name;

use super::call::Environment;
use super::{OpContext, Resource};

/// What the engine provides to an attempt beside its inputs.
#[derive(Debug)]
pub struct Provided<'a>(&'a dyn Environment);

impl<'a> Provided<'a> {
    pub(super) fn new(environment: &'a dyn Environment) -> Self {
        Self(environment)
    }

    /// The context of this attempt.
    pub fn context(&self) -> OpContext {
        self.0.context()
    }

    /// A resource of the run.
    ///
    /// # Panics
    ///
    /// If the op's spec does not name it: a run without a resource that a spec names does not start.
    pub fn resource<R: Send + Sync + 'static>(&self) -> Resource<R> {
        match self.0.resources().get::<R>() {
            Some(resource) => Resource::from_arc(resource),
            None => panic!("the op's spec does not ask for the resource `{}`", type_name::<R>()),
        }
    }
}
