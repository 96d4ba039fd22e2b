//! `plan JOB`

mod forecast;
mod tree;

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use clap::{Args, ValueEnum};
use dynagraph_runtime::registry::Shown;
use dynagraph_runtime::store::{RunSummary, StoredRun};
use dynagraph_runtime::{GraphView, Job, RunId};
use indicatif::HumanCount;

use forecast::{Row, forecast, gone, unstorable};
use tree::Tree;

use super::job::{JobArgs, JobError};
use super::store::{OpenStore, StoreArgs, StoreProblem};
use super::{Program, describe, usage};
use crate::console::Console;
use crate::exit::Exit;

/// Shows a job's graph, and what would run if a stored run of it were resumed.
#[derive(Debug, Args)]
pub(super) struct Plan {
    #[command(flatten)]
    job: JobArgs,
    /// How it is drawn.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    store: StoreArgs,
    /// The run, by its id or its first digits; its arguments are those of the job, where no others are given
    /// [default: the latest run of the job]
    #[arg(long)]
    run: Option<String>,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
enum PlanProblem {
    #[error(transparent)]
    Store(#[from] StoreProblem),
    #[error(transparent)]
    Job(#[from] JobError),
    #[error("the run {run} is one of the job `{of}`, and not of `{job}`\n\nwrite `{call}`")]
    OtherJob { run: RunId, of: String, job: String, call: String },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// As an indented tree.
    Text,
    /// As a flowchart for Mermaid.
    Mermaid,
    /// For Graphviz.
    Dot,
}

impl Plan {
    pub(super) fn execute(
        self,
        mut program: Program,
        console: &mut Console<'_>,
    ) -> io::Result<Exit> {
        let (job, before) = match self.prepare(&mut program) {
            Ok(prepared) => prepared,
            Err(error) => return usage(console, error),
        };
        let graph = job.graph();
        match self.format {
            Format::Mermaid => console.print(graph.to_mermaid())?,
            Format::Dot => console.print(graph.to_dot())?,
            Format::Text => {
                let tree = Tree::of(&graph).text(job.name());
                console.print(tree + &before.text(&graph))?;
            }
        }
        Ok(Exit::Success)
    }

    /// The job, and what the store has of it.
    fn prepare(&self, program: &mut Program) -> Result<(Job<Shown>, Before), PlanProblem> {
        let store = match (&self.run, self.format) {
            (Some(_), _) => Some(self.store.open(program, "plan JOB --run RUN")?),
            (None, Format::Text) => self.store.open_if_there(program)?,
            (None, Format::Mermaid | Format::Dot) => None,
        };
        let Some(store) = store else {
            let absent = self.store.absent();
            let why = |path: &Path| format!("there is no store at `{}` yet", path.display());
            let before = absent.map_or(Before::Nothing, |path| Before::NoRun(why(path)));
            return Ok((self.job.make(program, "plan")?, before));
        };
        let Some(run) = self.run_in(&store)? else {
            let why = "the store has no run of this job".to_owned();
            return Ok((self.job.make(program, "plan")?, Before::NoRun(why)));
        };
        let job = self.job.make_after(&run.arguments, program, "plan")?;
        let run = store.store.read(run.id).map_err(StoreProblem::from)?;
        Ok((job, Before::Run(Box::new(run))))
    }

    fn run_in(&self, store: &OpenStore) -> Result<Option<RunSummary>, PlanProblem> {
        let Some(text) = &self.run else {
            return Ok(store.store.last_run(self.job.name()).map_err(StoreProblem::from)?);
        };
        let run = store.find(text)?;
        if run.job != self.job.name() {
            let call = store.call(format_args!("plan {} --run {}", run.job, run.id));
            let (of, job) = (run.job, self.job.name().to_owned());
            return Err(PlanProblem::OtherJob { run: run.id, of, job, call });
        }
        Ok(Some(run))
    }
}

/// What a store has of a job.
enum Before {
    /// There is no store.
    Nothing,
    /// It has no run, for this reason.
    NoRun(String),
    Run(Box<StoredRun>),
}

impl Before {
    /// What that means for a run that goes on.
    fn text(&self, graph: &GraphView) -> String {
        match self {
            Self::Nothing => unstored(graph),
            Self::NoRun(why) => format!("\n{why}\n{}", unstored(graph)),
            Self::Run(run) => {
                let RunSummary { id, state, .. } = run.summary();
                let state = describe::state(state);
                let mut text =
                    format!("\nif the run {id} ({state}) is resumed, with the same inputs:\n");
                text += &table(&forecast(graph, run));
                for (node, count) in gone(graph, run) {
                    let steps = if count == 1 { "step" } else { "steps" };
                    let _ = writeln!(
                        text,
                        "{} {steps} of `{node}`, which the job does not have",
                        HumanCount(count)
                    );
                }
                text
            }
        }
    }
}

/// What cannot be stored.
fn unstored(graph: &GraphView) -> String {
    let mut text = String::new();
    for node in graph.nodes() {
        for reason in unstorable(node) {
            let _ = writeln!(text, "`{}`: {reason}", node.name());
        }
    }
    if text.is_empty() {
        return text;
    }
    format!(
        "\n{text}a run that goes on runs such steps again, and those that take what they give\n"
    )
}

/// A line for each node, under their headings.
fn table(rows: &[Row]) -> String {
    let headings = ["node", "reused", "run", "why"].map(str::to_owned);
    let cells = |row: &Row| {
        [row.node.clone(), HumanCount(row.reused).to_string(), row.run_text(), row.why()]
    };
    describe::table(&[headings].into_iter().chain(rows.iter().map(cells)).collect::<Vec<_>>())
}
