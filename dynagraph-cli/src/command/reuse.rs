//! What a run had of its store, and what it could not give it.

use std::fmt::Write as _;

use dynagraph_runtime::RunReport;
use dynagraph_runtime::registry::Shown;
use dynagraph_runtime::store::{Dropped, UnstoredOutput};
use indicatif::HumanCount;
use serde::Serialize;

use crate::progress::Tally;

/// How many steps that were not reused are named in a line.
const NAMED: usize = 3;

/// What was reused, as `--json` prints it.
#[derive(Debug, Serialize)]
pub(super) struct Reuse<'a> {
    resumed: Option<Resumed<'a>>,
    /// How many steps other runs had.
    reused_of_other_runs: u64,
    unstored_outputs: Vec<Unstored<'a>>,
}

/// What a run that went on made of its stored steps.
#[derive(Debug, Serialize)]
struct Resumed<'a> {
    reused: usize,
    unfinished: usize,
    dropped: Vec<DroppedSteps<'a>>,
    damaged: u64,
}

#[derive(Debug, Serialize)]
struct DroppedSteps<'a> {
    node: &'a str,
    count: usize,
    reason: String,
    /// The first of them.
    steps: Vec<String>,
    #[serde(skip)]
    text: String,
}

#[derive(Debug, Serialize)]
struct Unstored<'a> {
    node: &'a str,
    output: &'a str,
    #[serde(rename = "type")]
    ty: Option<&'static str>,
    #[serde(skip)]
    text: String,
}

impl<'a> Reuse<'a> {
    pub(super) fn of(report: &'a RunReport<Shown>, tallies: &[Tally]) -> Self {
        let cached: u64 = tallies.iter().map(|tally| tally.cached).sum();
        let resumed = report.resumed();
        let own = resumed.map_or(0, |resumed| resumed.reused() as u64);
        Self {
            resumed: resumed.map(|resumed| Resumed {
                reused: resumed.reused(),
                unfinished: resumed.unfinished(),
                dropped: resumed.dropped().iter().map(DroppedSteps::of).collect(),
                damaged: resumed.damaged(),
            }),
            reused_of_other_runs: cached.saturating_sub(own),
            unstored_outputs: report.unstored_outputs().iter().map(Unstored::of).collect(),
        }
    }

    /// The same in words; nothing where there is nothing to say.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(resumed) = &self.resumed {
            resumed.write(&mut lines);
        }
        if self.reused_of_other_runs > 0 {
            lines.push(format!("reused {} of other runs", steps(self.reused_of_other_runs)));
        }
        for unstored in &self.unstored_outputs {
            lines.push(format!("not stored: {}", unstored.text));
        }
        if !self.unstored_outputs.is_empty() {
            lines.push("what is not stored runs again when the run goes on".to_owned());
        }
        lines
    }
}

impl Resumed<'_> {
    fn write(&self, lines: &mut Vec<String>) {
        if self.reused > 0 || self.unfinished > 0 {
            let mut line = format!("reused {}", steps(self.reused as u64));
            if self.unfinished > 0 {
                let _ = write!(line, "; {} had not succeeded", HumanCount(self.unfinished as u64));
            }
            lines.push(line);
        }
        for dropped in &self.dropped {
            let mut named = dropped.steps[..dropped.steps.len().min(NAMED)].join(", ");
            if dropped.count > NAMED {
                named += ", …";
            }
            lines.push(format!("not reused: {} ({named})", dropped.text));
        }
        if self.damaged > 0 {
            let records = if self.damaged == 1 { "record" } else { "records" };
            let count = HumanCount(self.damaged);
            lines.push(format!(
                "{count} damaged {records} left out: what they told counts as missing"
            ));
        }
    }
}

impl<'a> DroppedSteps<'a> {
    fn of(dropped: &'a Dropped) -> Self {
        Self {
            node: &dropped.node,
            count: dropped.count,
            reason: dropped.reason.to_string(),
            steps: dropped.keys.iter().map(ToString::to_string).collect(),
            text: dropped.to_string(),
        }
    }
}

impl<'a> Unstored<'a> {
    fn of(output: &'a UnstoredOutput) -> Self {
        let text = output.to_string();
        Self { node: &output.node, output: &output.output, ty: output.type_name, text }
    }
}

fn steps(count: u64) -> String {
    format!("{} {}", HumanCount(count), if count == 1 { "step" } else { "steps" })
}
