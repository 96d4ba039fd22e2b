//! What came of a run, for other programs.

use dynagraph_runtime::registry::Shown;
use dynagraph_runtime::{RunError, RunReport};
use serde::Serialize;

use super::describe;
use super::reuse::Reuse;
use crate::progress::Tally;

/// How many failed steps of a group are named.
pub(super) const NAMED_STEPS: usize = 100;

/// A run's report, as `--json` prints it.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    run_id: String,
    job: &'a str,
    status: &'static str,
    duration_seconds: f64,
    nodes: Vec<Node<'a>>,
    error: Option<String>,
    failures: Vec<Failure>,
    #[serde(flatten)]
    reuse: Reuse<'a>,
    output: Option<&'a str>,
}

/// How the steps of one use of an op ended.
#[derive(Debug, Serialize)]
pub(super) struct Node<'a> {
    #[serde(rename = "node")]
    name: &'a str,
    success: u64,
    failure: u64,
    skipped: u64,
    upstream_failed: u64,
    canceled: u64,
    cached: u64,
    retries: u64,
}

/// The failed steps of one op that have one cause.
#[derive(Debug, Serialize)]
pub(super) struct Failure {
    pub(super) node: String,
    pub(super) cause: String,
    pub(super) count: usize,
    /// The first of them.
    pub(super) steps: Vec<String>,
}

impl<'a> Report<'a> {
    pub(super) fn new(job: &'a str, report: &'a RunReport<Shown>, tallies: &'a [Tally]) -> Self {
        Self {
            run_id: report.id().to_string(),
            job,
            status: describe::status_word(report.status()),
            duration_seconds: report.duration().as_secs_f64(),
            nodes: tallies.iter().map(Node::new).collect(),
            error: report.error().map(ToString::to_string),
            failures: failures(report.error()),
            reuse: Reuse::of(report, tallies),
            output: report.output().and_then(Shown::text),
        }
    }
}

impl<'a> Node<'a> {
    pub(super) fn new(tally: &'a Tally) -> Self {
        let Tally { success, failure, skipped, upstream_failed, canceled, cached, retries, .. } =
            *tally;
        let name = &tally.node;
        Self { name, success, failure, skipped, upstream_failed, canceled, cached, retries }
    }
}

fn failures(error: Option<&RunError>) -> Vec<Failure> {
    let Some(RunError::Failed(failures)) = error else { return Vec::new() };
    let groups = failures.groups().into_iter();
    let failure = |(cause, steps): (String, Vec<&dynagraph_runtime::StepReport>)| Failure {
        node: steps.first().map(|step| step.node().to_owned()).unwrap_or_default(),
        cause,
        count: steps.len(),
        steps: steps.iter().take(NAMED_STEPS).map(|step| step.key().to_owned()).collect(),
    };
    groups.map(failure).collect()
}
