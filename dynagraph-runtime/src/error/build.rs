//! Why a job cannot run at all.

use std::panic::Location;

/// Why a job is not valid.
///
/// Found while the job is composed, reported by `Job::check` and first thing by a run.
/// Each names the file and line in the job that is to change.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A handle was used outside the `map` that it belongs to.
    #[error(
        "{at}: this handle belongs to one copy of a `map`, and is used outside of it; return it from the closure and use what `map` returns"
    )]
    #[non_exhaustive]
    OutOfScope {
        /// Where it was used.
        at: &'static Location<'static>,
    },
    /// A handle of one job was used in another.
    #[error("{at}: this handle belongs to another job; invoke the op in this one")]
    #[non_exhaustive]
    ForeignHandle {
        /// Where it was used.
        at: &'static Location<'static>,
    },
    /// Two invocations have one name.
    #[error("{at}: the name `{name}` is taken by the invocation at {first}; choose another alias")]
    #[non_exhaustive]
    DuplicateName {
        /// The name.
        name: String,
        /// Where the second is invoked.
        at: &'static Location<'static>,
        /// Where the first is invoked.
        first: &'static Location<'static>,
    },
    /// An alias cannot be a name.
    #[error(
        "{at}: {name:?} cannot be a name: a name is not empty and has none of `[ ] / * ? %` and no control characters"
    )]
    #[non_exhaustive]
    BadName {
        /// The alias.
        name: String,
        /// Where it was given.
        at: &'static Location<'static>,
    },
    /// An order was asked for after what it changes was used.
    #[error(
        "{at}: `.after(..)` comes too late: call it right after the op, before the handle is used"
    )]
    #[non_exhaustive]
    AfterTooLate {
        /// Where it was asked for.
        at: &'static Location<'static>,
    },
    /// An op was told to run after something that itself waits for the op.
    #[error("{at}: `.after(..)` makes a circle: what it names waits for this op")]
    #[non_exhaustive]
    Circle {
        /// Where the op is invoked.
        at: &'static Location<'static>,
    },
    /// Something only an op has was asked of another handle.
    #[error(
        "{at}: `.{method}(..)` describes an op, and this handle is that of no op: write it on the op's own handle, \
         before `.collect()` and the like"
    )]
    #[non_exhaustive]
    NotAnOp {
        /// The method.
        method: &'static str,
        /// Where it was called.
        at: &'static Location<'static>,
    },
    /// A timeout of no time at all.
    #[error("{at}: `.{method}(0ns)`: no attempt could ever end in time")]
    #[non_exhaustive]
    ZeroTimeout {
        /// The method.
        method: &'static str,
        /// Where it was called.
        at: &'static Location<'static>,
    },
    /// The ratio of a [`Tolerance`](crate::Tolerance) is no part of anything.
    #[error(
        "{at}: `Tolerance::ratio({ratio:?})`: a ratio is from 0 to 1: write `0.05` for 5 %, or `Tolerance::count(5)` for 5 keys"
    )]
    #[non_exhaustive]
    BadRatio {
        /// The ratio.
        ratio: f64,
        /// Where it was used.
        at: &'static Location<'static>,
    },
    /// A number that must be at least 1 is 0.
    #[error("{at}: `.{method}(0)`: at least 1")]
    #[non_exhaustive]
    Zero {
        /// The method.
        method: &'static str,
        /// Where it was called.
        at: &'static Location<'static>,
    },
    /// The steps of an op take no slot of their pool.
    #[error("{at}: `.weighted_pool({pool:?}, 0)`: a weight is at least 1")]
    #[non_exhaustive]
    ZeroWeight {
        /// The pool's name.
        pool: String,
        /// Where it was named.
        at: &'static Location<'static>,
    },
}
