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
    /// A selection cannot be read.
    #[error("`{setting}`, at character {at}: {reason}")]
    #[non_exhaustive]
    BadSelection {
        /// The call that selects, such as `run().select("clean[us")`.
        setting: String,
        /// Which character of the selection it is, counted from 1.
        at: usize,
        /// What is wrong, and what to write.
        reason: String,
    },
    /// A selection names a node that the job does not have.
    #[error(
        "`{setting}` names the node `{node}`, which the job does not have{}{}",
        list(": did you mean", .nearest), list("; it has", .known)
    )]
    #[non_exhaustive]
    UnknownNode {
        /// The call that selects, such as `run().select("clena+")`.
        setting: String,
        /// The name that no node has.
        node: String,
        /// The names that it is nearest to.
        nearest: Vec<String>,
        /// The names of the uses of ops, in graph order.
        known: Vec<String>,
    },
    /// A selection names steps by more keys, or fewer, than they have.
    #[error(
        "`{setting}` names the steps of `{node}` by {}, and they have {}: for `{part}` write `{}`",
        counted(*.given), counted(*.keys), with_keys(.node, *.keys)
    )]
    #[non_exhaustive]
    SelectedKeys {
        /// The call that selects, such as `run().select("clean[us]")`.
        setting: String,
        /// The part of the selection.
        part: String,
        /// The node that it names.
        node: String,
        /// By how many keys.
        given: usize,
        /// How many keys the node's steps have.
        keys: usize,
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

fn counted(count: usize) -> String {
    match count {
        0 => "none".to_owned(),
        1 => "1 key".to_owned(),
        count => format!("{count} keys"),
    }
}

/// Every step of a node, as a selection names them with their keys.
fn with_keys(node: &str, keys: usize) -> String {
    match keys {
        0 => node.to_owned(),
        keys => format!("{node}[{}]", vec!["*"; keys].join("/")),
    }
}

fn list(what: &str, names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    format!("{what} `{}`", names.join("`, `"))
}
