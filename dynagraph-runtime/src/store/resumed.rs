//! What a run that went on made of what its store had of it.

use std::fmt;

use super::why::{OP_MOVED, Version};
use crate::key::StepKey;

/// What a run that went on made of the steps that its store had of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resumed {
    pub(crate) reused: usize,
    pub(crate) unfinished: usize,
    pub(crate) dropped: Vec<Dropped>,
    pub(crate) damaged: u64,
}

impl Resumed {
    /// How many stored steps were reused.
    pub fn reused(&self) -> usize {
        self.reused
    }

    /// How many steps were looked at anew because they had failed before, or had not come to their end.
    pub fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// The steps that had succeeded and were not reused, by node and reason.
    pub fn dropped(&self) -> &[Dropped] {
        &self.dropped
    }

    /// How many records of the run are left out because they are damaged. What they told of counts as missing.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }
}

/// Steps of one node that had succeeded and were not reused, all for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// The node's name.
    pub node: String,
    /// How many steps.
    pub count: usize,
    /// Why.
    pub reason: DropReason,
    /// The first few of them.
    pub keys: Vec<StepKey>,
}

impl Dropped {
    pub(crate) fn new(node: &str, reason: DropReason) -> Self {
        Self { node: node.to_owned(), count: 0, reason, keys: Vec::new() }
    }

    /// Counts a step, which is named if it is one of the first.
    pub(crate) fn add(&mut self, key: &StepKey, named: usize) {
        self.count += 1;
        if self.keys.len() < named {
            self.keys.push(key.clone());
        }
    }
}

/// Why a stored step that had succeeded was not reused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropReason {
    /// The job has no such node.
    NodeGone,
    /// The node is a use of another op.
    #[non_exhaustive]
    OpChanged {
        /// The op's name before.
        from: String,
        /// The op's name now.
        to: String,
    },
    /// The op has another version.
    #[non_exhaustive]
    VersionChanged {
        /// The version before.
        from: Option<String>,
        /// The version now.
        to: Option<String>,
    },
    /// Its op's name, the version and the inputs are the same. But a cached op is known by the path of its type: it was moved,
    /// is another one of that name, or is cached only since.
    OpMoved,
    /// An input is another one.
    InputsChanged,
    /// An input or an output cannot be encoded.
    NotEncodable,
    /// What it gave is damaged or gone, or the output has another type.
    ValueLost,
    /// Not all keys that it emitted are stored.
    Incomplete,
    /// Its mapping key is no longer emitted.
    KeyGone,
    /// It was [selected](crate::Run::select), and so run again.
    Selected,
    /// The run did not come to it: something before it failed or was skipped, or the run ended early. It stays stored.
    NotReached,
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NodeGone => f.write_str("the job has no such node any more"),
            Self::OpChanged { from, to } => write!(f, "its op was `{from}`, and is `{to}`"),
            Self::VersionChanged { from, to } => {
                write!(f, "the op's version was {}, and is {}", Version(from), Version(to))
            }
            Self::OpMoved => f.write_str(OP_MOVED),
            Self::InputsChanged => f.write_str("its inputs changed"),
            Self::NotEncodable => f.write_str("an input or an output cannot be encoded"),
            Self::ValueLost => {
                f.write_str("its values are damaged or gone, or are of another type")
            }
            Self::Incomplete => f.write_str("not all keys that it emitted are stored"),
            Self::KeyGone => f.write_str("its key is no longer emitted"),
            Self::Selected => f.write_str("it was selected to be run again"),
            Self::NotReached => f.write_str("the run did not come to it"),
        }
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, count, reason, .. } = self;
        let steps = if *count == 1 { "step" } else { "steps" };
        write!(f, "{count} {steps} of `{node}`: {reason}")
    }
}

/// An output whose values could not be stored: the steps that gave them, and those that need them, are run again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnstoredOutput {
    /// The name of the node.
    pub node: String,
    /// The name of the output.
    pub output: String,
    /// The name of its type, if the op says.
    pub type_name: Option<&'static str>,
}

impl fmt::Display for UnstoredOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, output, type_name } = self;
        match type_name {
            Some(name) => {
                write!(f, "`{node}`: a `{name}` cannot be stored, which is its `{output}`")
            }
            None => write!(f, "`{node}`: its `{output}` cannot be stored"),
        }
    }
}
