//! What a run gives to its ops.

use std::ops::Deref;
use std::sync::Arc;

/// Something that a run gives to its ops: a client, a pool, a setting.
///
/// An op that has a parameter of this type is given the value passed to `run().resource(..)`; it is no input.
/// For one of several implementations, give and ask for an `Arc<dyn Trait>`.
/// A run without it ends before its first step, with an error that names the type and the op.
///
/// # Examples
///
/// ```
/// use dynagraph_runtime::Resource;
///
/// let greeting = Resource::new(String::from("hello"));
/// assert_eq!(greeting.len(), 5);
/// ```
#[derive(Debug)]
pub struct Resource<R>(Arc<R>);

impl<R> Resource<R> {
    /// Wraps a value, for calling an op in a unit test.
    pub fn new(value: R) -> Self {
        Self(Arc::new(value))
    }

    pub(crate) fn from_arc(value: Arc<R>) -> Self {
        Self(value)
    }
}

impl<R> Clone for Resource<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R> Deref for Resource<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.0
    }
}
