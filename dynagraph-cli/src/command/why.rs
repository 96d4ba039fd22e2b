//! `why RUN STEP`

use std::io;

use clap::Args;
use dynagraph_runtime::store::{RunSummary, StoredRun, Why, why};
use dynagraph_runtime::{GraphView, KeyPath};
use serde::Serialize;

use super::store::{self, NoStep, OpenStore, StoreArgs, StoreProblem};
use super::stored_job::AnewArgs;
use super::{Program, describe, usage};
use crate::console::Console;
use crate::exit::Exit;

/// Says why a step of a stored run was run, or why not.
///
/// It is told by what changed since the run of the same job before; for a run that went on, since its sessions before.
#[derive(Debug, Args)]
pub(super) struct WhyStep {
    /// The run's id, or its first digits.
    run: String,
    /// The step's key, such as `fetch[7]`.
    step: String,
    #[command(flatten)]
    store: StoreArgs,
    /// Prints it as JSON.
    #[arg(long)]
    json: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum WhyProblem {
    #[error(transparent)]
    Store(#[from] StoreProblem),
    #[error(transparent)]
    Step(#[from] NoStep),
}

/// The answer, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    step: &'a str,
    run: String,
    run_before: Option<String>,
    reason: &'static str,
    text: String,
    #[serde(flatten)]
    details: Details<'a>,
}

/// What only some reasons have.
#[derive(Debug, Default, Serialize)]
struct Details<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    inputs: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    outputs: &'a [String],
}

impl WhyStep {
    pub(super) fn execute(
        self,
        mut program: Program,
        console: &mut Console<'_>,
    ) -> io::Result<Exit> {
        match self.answer(&mut program) {
            Ok(answer) => {
                console.print(answer)?;
                Ok(Exit::Success)
            }
            Err(error) => usage(console, error),
        }
    }

    fn answer(&self, program: &mut Program) -> Result<String, WhyProblem> {
        let store = self.store.open(program, "why RUN STEP")?;
        let summary = store.find(&self.run)?;
        let (run, before) = read(&store, &summary)?;
        let (node, path) = self.known(&run, before.as_ref(), program, &store)?;
        let why = why(&run, before.as_ref(), &node, &path);
        if !self.json {
            return Ok(format!("{}: {}", self.step, in_words(&why)));
        }
        let (reason, details) = told(&why);
        Ok(describe::json(&Answer {
            step: &self.step,
            run: summary.id.to_string(),
            run_before: before.map(|before| before.summary().id.to_string()),
            reason,
            text: in_words(&why),
            details,
        }))
    }

    /// The step's node and keys, if any run knows it; or if the job does, because it is not mapped.
    fn known(
        &self,
        run: &StoredRun,
        before: Option<&StoredRun>,
        program: &Program,
        store: &OpenStore,
    ) -> Result<(String, KeyPath), NoStep> {
        let runs = || [Some(run), before].into_iter().flatten();
        let ended = runs().flat_map(|run| run.steps().map(|step| &step.key));
        let missing = runs().flat_map(StoredRun::missing_steps);
        if let Some(key) = ended.chain(missing).find(|key| key.to_string() == self.step) {
            return Ok((key.node().to_owned(), key.path().clone()));
        }
        let job = AnewArgs::default().job_of(run.summary(), "why", program, store);
        let graph = job.ok().map(|job| job.graph());
        let mut nodes = graph.iter().flat_map(GraphView::nodes);
        if nodes.any(|node| node.is_op() && node.depth() == 0 && node.name() == self.step) {
            return Ok((self.step.clone(), KeyPath::root()));
        }
        Err(store::no_step(run, &self.step, store))
    }
}

/// The run, and the one of the same job before it.
fn read(
    store: &OpenStore,
    run: &RunSummary,
) -> Result<(StoredRun, Option<StoredRun>), StoreProblem> {
    let before = store.store.run_before(run.id)?;
    let before = before.map(|before| store.store.read(before.id)).transpose()?;
    Ok((store.store.read(run.id)?, before))
}

/// A reason as a sentence. No store knows what was selected.
fn in_words(why: &Why) -> String {
    match why {
        Why::Lost => {
            "nothing changed; it was selected, or what it had given was gone or damaged".to_owned()
        }
        why => why.to_string(),
    }
}

/// A reason in one word, and what else there is to it.
fn told(why: &Why) -> (&'static str, Details<'_>) {
    let none = Details::default();
    match why {
        Why::NotRun => ("not_run", none),
        Why::Reused => ("reused", none),
        Why::FirstRun => ("first_run", none),
        Why::NewNode => ("new_node", none),
        Why::NewKey => ("new_key", none),
        Why::Unfinished { status, .. } => {
            ("unfinished", Details { status: Some(describe::step_status(*status)), ..none })
        }
        Why::Incomplete => ("incomplete", none),
        Why::OpChanged { from, to, .. } => {
            ("op_changed", Details { from: Some(from), to: Some(to), ..none })
        }
        Why::VersionChanged { from, to, .. } => {
            ("version_changed", Details { from: from.as_deref(), to: to.as_deref(), ..none })
        }
        Why::InputsChanged { inputs, .. } => ("inputs_changed", Details { inputs, ..none }),
        Why::NotEncodable { inputs, outputs, .. } => {
            ("not_encodable", Details { inputs, outputs, ..none })
        }
        Why::NotCached => ("not_cached", none),
        Why::Lost => ("lost", none),
        _ => ("unknown", none),
    }
}
