//! Why a run cannot start as it is set up.

/// A mistake in how a run is set up. Each is found before the first step.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A limit lets nothing through.
    #[error("`{setting}` is zero, so that no step could ever start: at least 1")]
    #[non_exhaustive]
    ZeroLimit {
        /// The call that sets it, such as `run().pool("gpu", 0)`.
        setting: String,
    },
    /// Ops take slots of a pool that the run has not.
    #[error(
        "`{}` takes slots of the pool `{pool}`, which the run does not have: give it a size with `run().pool(\"{pool}\", ..)` or a rate with `run().rate(\"{pool}\", ..)`{}",
        ops.join("`, `"), others(.known)
    )]
    #[non_exhaustive]
    UnknownPool {
        /// The pool's name.
        pool: String,
        /// The nodes that take slots of it.
        ops: Vec<String>,
        /// The names that the run does have.
        known: Vec<String>,
    },
    /// A step takes more slots than its pool has.
    #[error(
        "`{op}` takes {weight} slots of the pool `{pool}`, which has {size}: it could never start"
    )]
    #[non_exhaustive]
    WeightOverPool {
        /// The pool's name.
        pool: String,
        /// How many slots it has.
        size: usize,
        /// The node that takes more.
        op: String,
        /// How many it takes.
        weight: u32,
    },
    /// A length of time that cannot be meant.
    #[error("`{setting}`: {reason}")]
    #[non_exhaustive]
    BadDuration {
        /// The call that sets it, such as `run().timeout(0ns)`.
        setting: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

fn others(known: &[String]) -> String {
    if known.is_empty() {
        return String::new();
    }
    format!("; it has `{}`", known.join("`, `"))
}
