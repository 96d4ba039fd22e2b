//! Begins a run in its store, or goes on with one.

use std::borrow::Cow;
use std::sync::Arc;

use super::unwritten::Unwritten;
use super::{Cache, OpenLog, Past, Prints, Storing, Unstored};
use crate::engine::Options;
use crate::graph::NodeId;
use crate::op::RunId;
use crate::plan::Plan;
use crate::store::{Codec, NodeInfo, RunInfo, RunStore, RunSummary, StoreError};

/// Which run goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Resume {
    Run(RunId),
    /// The job's last.
    Last,
}

/// A run that is to be opened.
struct Closed {
    store: SharedStore,
    info: RunInfo,
    nodes: Vec<Option<u32>>,
    resume: Option<Resume>,
    stored_as: Codec,
    /// Whether it is only looked at.
    spins: bool,
    /// Whether its arguments are known, or else those that are stored stay.
    is_told: bool,
}

impl Storing {
    /// Opens the run's log. None if the run has no store. Blocks.
    pub(in crate::engine) fn open(
        plan: &Plan,
        options: &Options,
    ) -> impl FnOnce() -> Result<Option<Self>, StoreError> + Send + 'static {
        let closed = options.store.clone().map(|store| {
            let (info, nodes) = described(plan, options);
            let (resume, spins, is_told) =
                (options.resume, options.spins(), options.arguments.is_some());
            let stored_as = options.stored_as;
            Closed { store, info, nodes, resume, stored_as, spins, is_told }
        });
        move || closed.map(Closed::open).transpose()
    }
}

impl Closed {
    fn open(self) -> Result<Storing, StoreError> {
        let Self { store, mut info, nodes, resume, stored_as, spins, is_told } = self;
        let cache = Cache::of(&store, &info.nodes)?;
        let (log, past) = match resume {
            None => (store.begin(&info)?, None),
            Some(resume) => {
                let earlier = earlier(&*store, resume, &info.job)?;
                info.id = earlier.id;
                if !is_told {
                    info.arguments = earlier.arguments;
                }
                let log = if spins { Box::new(Unwritten) } else { store.resume(&info)? };
                // Only now that the run is ours: another process may have gone on with it until then.
                let past = store.read(info.id)?;
                (log, Some(Past::new(past)))
            }
        };
        let (run, log, prints) = (info.id, OpenLog::new(log), Prints::default());
        let unstored = Unstored::default();
        Ok(Storing { run, log, past, cache, nodes, prints, stored_as, unstored })
    }
}

/// The run that goes on.
fn earlier(store: &dyn RunStore, resume: Resume, job: &str) -> Result<RunSummary, StoreError> {
    let run = match resume {
        Resume::Last => store.last_run(job)?.ok_or_else(|| StoreError::no_run_of_job(job))?,
        Resume::Run(run) => {
            let known = store.runs()?.into_iter().find(|known| known.id == run);
            known.ok_or_else(|| StoreError::no_such_run(run))?
        }
    };
    if run.job != job {
        return Err(StoreError::other_job(run.id, &*run.job, job));
    }
    Ok(run)
}

/// What a new run says of itself, and where each node is in that.
fn described(plan: &Plan, options: &Options) -> (RunInfo, Vec<Option<u32>>) {
    let mut info = RunInfo::new(options.job);
    info.graph.clone_from(&options.graph);
    info.arguments = options.arguments.as_deref().unwrap_or_default().to_vec();
    let names = plan.step_names();
    let nodes = names.iter().enumerate().map(|(place, names)| {
        let (name, op) = names.as_ref()?;
        let mut node = NodeInfo::new(name.to_string(), *op);
        if let Some(op) = plan.op(NodeId(place)) {
            node.version = op.spec.version.map(Cow::Borrowed);
            node.inputs = op.spec.inputs.iter().copied().map(Cow::Borrowed).collect();
            let outputs = op.spec.outputs.iter();
            node.outputs = outputs.map(|output| Cow::Borrowed(output.name)).collect();
            // What is called instead of an op gives nothing that later runs should have.
            node.cached = op.spec.cached && !options.replaced.contains_key(&op.op_type);
        }
        info.nodes.push(node);
        u32::try_from(info.nodes.len() - 1).ok()
    });
    let nodes = nodes.collect();
    (info, nodes)
}

/// Where runs are kept, as a run is given it.
pub(crate) type SharedStore = Arc<dyn RunStore>;
