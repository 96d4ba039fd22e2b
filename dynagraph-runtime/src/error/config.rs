//! Why a run cannot start as it is set up.

/// A mistake in how a run is set up.
///
/// All mistakes of a run are found before its first step, and reported together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A limit lets nothing through.
    #[error("`{setting}` would let no step start: a limit is at least 1")]
    #[non_exhaustive]
    ZeroLimit {
        /// The call that sets it, such as `run().pool("gpu", 0)`.
        setting: String,
    },
    /// Ops take slots of a pool that the run does not have.
    #[error(
        "`{}` use{} the pool `{pool}`, which the run does not have: give it a size with \
         `run().pool(\"{pool}\", ..)` or a rate with `run().rate(\"{pool}\", ..)`{}",
        .ops.join("`, `"), if .ops.len() == 1 { "s" } else { "" }, list("; it has", .known)
    )]
    #[non_exhaustive]
    UnknownPool {
        /// The pool's name.
        pool: String,
        /// The nodes that use it, in graph order.
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
    /// A run is to go on, and has no store that could know it.
    #[error("`{setting}` needs the store that has the run: give it with `run().store(..)`")]
    #[non_exhaustive]
    ResumeWithoutStore {
        /// The call that asks for it, such as `run().resume_last()`.
        setting: String,
    },
    /// The run replaces an op that its job does not use.
    #[error(
        "`run().replace::<{op}>(..)` replaces an op that the job does not use{}",
        list("; it uses", .used)
    )]
    #[non_exhaustive]
    UnusedReplacement {
        /// The op's type, with its path.
        op: String,
        /// The names of the ops that the job does use.
        used: Vec<String>,
    },
}

fn list(what: &str, names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    format!("{what} `{}`", names.join("`, `"))
}
