//! What came of a step that was run alone.

use std::fmt::Write as _;

use dynagraph_runtime::registry::Shown;
use dynagraph_runtime::store::{Codec, StoredValue};
use dynagraph_runtime::{
    EventKind, GraphNode, GraphView, KeyPath, MappingKey, OutputKind, RunReport, StepKey,
};
use serde::Serialize;

use super::value::Tree;

/// How many emitted keys are shown with their values.
const SHOWN: usize = 1_000;

/// What is heard of the step while it runs. It is the only one that starts.
#[derive(Debug, Default)]
pub(super) struct Heard {
    step: Option<StepKey>,
    attempts: u32,
    retries: Vec<Retry>,
    error: Option<String>,
    /// The keys that its last attempt emitted.
    keys: Vec<MappingKey>,
}

/// An attempt that failed and was followed by another one.
#[derive(Debug, Clone, Serialize)]
struct Retry {
    attempt: u32,
    error: String,
}

/// A step that was run alone, as `--json` prints it.
#[derive(Debug, Serialize)]
pub(super) struct Spun {
    pub(super) step: String,
    op: Option<&'static str>,
    status: &'static str,
    pub(super) attempts: u32,
    pub(super) error: Option<String>,
    retries: Vec<Retry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gave: Option<Gave>,
}

/// What the step gave.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Gave {
    Value(Tree),
    /// The output is optional.
    Nothing,
    /// Of a type of this name, if that is known.
    Unwritable(Option<&'static str>),
    /// More than one output, of which a run keeps no values.
    Several,
    Keys {
        count: usize,
        emitted: Vec<Emitted>,
    },
}

/// A key that the step emitted, and its value, if that can be written.
#[derive(Debug, Serialize)]
pub(super) struct Emitted {
    key: String,
    value: Option<Tree>,
}

impl Heard {
    pub(super) fn hear(&mut self, event: &EventKind) {
        match event {
            EventKind::StepStart { step, attempt, .. } => {
                self.step = Some(step.clone());
                self.attempts = *attempt;
                self.keys.clear();
            }
            EventKind::StepUpForRetry { attempt, error, .. } => {
                self.retries.push(Retry { attempt: *attempt, error: error.to_string() });
            }
            EventKind::StepEmit { step, key, .. } if self.step.as_ref() == Some(step) => {
                self.keys.push(key.clone());
            }
            EventKind::StepFailure { step, error, .. } if self.step.as_ref() == Some(step) => {
                self.error = Some(error.to_string());
            }
            _ => {}
        }
    }

    /// What came of the step, if it started.
    pub(super) fn spun(&self, graph: &GraphView, report: &RunReport<Shown>) -> Option<Spun> {
        let step = self.step.as_ref()?;
        let node = graph.nodes().iter().find(|node| node.name() == step.node());
        let error = self.error.clone().or_else(|| report.error().map(ToString::to_string));
        Some(Spun {
            step: step.to_string(),
            op: node.and_then(GraphNode::op),
            status: if error.is_none() { "success" } else { "failure" },
            attempts: self.attempts,
            gave: node.filter(|_| error.is_none()).map(|node| self.gave(step, node, report)),
            error,
            retries: self.retries.clone(),
        })
    }

    fn gave(&self, step: &StepKey, node: &GraphNode, report: &RunReport<Shown>) -> Gave {
        let mut outputs = node.outputs();
        let (Some(output), None) = (outputs.next(), outputs.next()) else { return Gave::Several };
        let value = |key: &str| report.stored_value(key, Codec::MessagePack).and_then(tree);
        match output.kind() {
            OutputKind::Dynamic => {
                let keys = self.keys.iter().take(SHOWN);
                let value = |key| value(&below(step, key).unwrap_or_default());
                let keys = keys.map(|key| Emitted { key: key.to_string(), value: value(key) });
                Gave::Keys { count: self.keys.len(), emitted: keys.collect() }
            }
            _ if !output.is_storable() => Gave::Unwritable(output.type_name()),
            kind => match value(&step.to_string()) {
                Some(tree) => Gave::Value(tree),
                None if kind == OutputKind::Optional => Gave::Nothing,
                None => Gave::Unwritable(output.type_name()),
            },
        }
    }
}

fn tree(value: StoredValue) -> Option<Tree> {
    Tree::of(&value).ok()
}

/// The name of the value that a step emitted with a key.
fn below(step: &StepKey, key: &MappingKey) -> Option<String> {
    let mut path = String::new();
    step.path().write_exact(&mut path);
    if !path.is_empty() {
        path.push('/');
    }
    key.write_exact(&mut path);
    Some(format!("{}[{}]", step.node(), KeyPath::from_exact(&path)?))
}

impl Spun {
    /// What the step gave, if that can be written, and else why not.
    pub(super) fn output(&self) -> Result<String, String> {
        match self.gave.as_ref() {
            None => Err(String::new()),
            Some(Gave::Value(tree)) => Ok(tree.to_string()),
            Some(Gave::Nothing) => Err("it gave nothing".to_owned()),
            Some(Gave::Unwritable(Some(ty))) => {
                Err(format!("it gave a `{ty}`, which cannot be written"))
            }
            Some(Gave::Unwritable(None)) => Err("what it gave cannot be written".to_owned()),
            Some(Gave::Several) => Err("it has several outputs, which are not shown".to_owned()),
            Some(Gave::Keys { count: 0, .. }) => Err("it emitted no keys".to_owned()),
            Some(Gave::Keys { count, emitted }) => {
                let mut text = String::new();
                for Emitted { key, value } in emitted {
                    let value = value.as_ref().map_or("cannot be written".into(), Tree::to_string);
                    let _ = writeln!(text, "{key}: {value}");
                }
                if *count > emitted.len() {
                    let _ = writeln!(text, "… ({} more keys)", count - emitted.len());
                }
                Ok(text)
            }
        }
    }

    /// The attempts that failed before the last one, a line each.
    pub(super) fn retries(&self) -> impl Iterator<Item = String> {
        self.retries.iter().map(|Retry { attempt, error }| format!("↻ attempt {attempt}: {error}"))
    }
}
