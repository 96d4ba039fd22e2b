//! What is known of a run as a whole.

use std::borrow::Cow;
use std::time::SystemTime;

use crate::op::RunId;
use crate::run::RunStatus;

/// What a run says of itself when it begins.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RunInfo {
    /// Tells it from every other run.
    pub id: RunId,
    /// The job's name.
    pub job: Cow<'static, str>,
    /// Text that changes when the job's graph does.
    pub graph: String,
    /// The job's arguments, by name, as text, if it was made of text.
    pub arguments: Vec<(String, String)>,
    /// When it began. It stays when the run is resumed.
    pub started: SystemTime,
    /// The nodes that its records refer to.
    pub nodes: Vec<NodeInfo>,
}

impl RunInfo {
    /// A new run of a job, which begins now.
    pub fn new(job: impl Into<Cow<'static, str>>) -> Self {
        Self {
            id: RunId::random(),
            job: job.into(),
            graph: String::new(),
            arguments: Vec::new(),
            started: SystemTime::now(),
            nodes: Vec::new(),
        }
    }
}

/// A node of a job: what its steps have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct NodeInfo {
    /// The node's name, which its steps' keys begin with.
    pub name: Cow<'static, str>,
    /// The op's name.
    pub op: Cow<'static, str>,
    /// The op's version.
    pub version: Option<Cow<'static, str>>,
    /// The names of the op's inputs. Empty where a store of an earlier version does not say.
    pub inputs: Vec<Cow<'static, str>>,
    /// The names of the op's outputs.
    pub outputs: Vec<Cow<'static, str>>,
    /// Whether later runs may reuse its steps: [`RunStore::find_step`](super::RunStore::find_step) finds them.
    pub cached: bool,
}

impl NodeInfo {
    /// A node of this name, for an op.
    pub fn new(name: impl Into<Cow<'static, str>>, op: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            op: op.into(),
            version: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
            cached: false,
        }
    }
}

/// A run as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunSummary {
    /// Tells it from every other run.
    pub id: RunId,
    /// The job's name.
    pub job: String,
    /// Text that changes when the job's graph does.
    pub graph: String,
    /// The job's arguments, by name, as text.
    pub arguments: Vec<(String, String)>,
    /// When it began.
    pub started: SystemTime,
    /// When it ended.
    pub ended: Option<SystemTime>,
    /// How it stands.
    pub state: RunState,
}

impl RunSummary {
    /// A run in this state, and otherwise as it says.
    pub fn new(info: &RunInfo, ended: Option<SystemTime>, state: RunState) -> Self {
        Self {
            id: info.id,
            job: info.job.clone().into_owned(),
            graph: info.graph.clone(),
            arguments: info.arguments.clone(),
            started: info.started,
            ended,
            state,
        }
    }
}

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunState {
    /// A live process owns it.
    #[non_exhaustive]
    Live {
        /// Who owns it.
        owner: String,
    },
    /// Nobody owns it, and it has not ended.
    Interrupted,
    /// It has ended.
    #[non_exhaustive]
    Ended {
        /// How.
        status: RunStatus,
        /// Why it gave nothing.
        error: Option<String>,
    },
}

impl RunState {
    /// A live process owns the run.
    pub fn live(owner: impl Into<String>) -> Self {
        Self::Live { owner: owner.into() }
    }

    /// The run has ended.
    pub fn ended(status: RunStatus, error: Option<String>) -> Self {
        Self::Ended { status, error }
    }
}
