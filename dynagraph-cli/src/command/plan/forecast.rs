//! What would become of each node's steps if a stored run were resumed. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use dynagraph_runtime::store::{StoredRun, StoredStep};
use dynagraph_runtime::{GraphEdge, GraphNode, GraphView, ScopeSource, StepStatus};
use indicatif::HumanCount;

use crate::command::describe::has_succeeded;

/// What would become of a node's steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) node: String,
    /// How many would be reused, if their inputs are the same.
    pub(super) reused: u64,
    /// How many would run for certain.
    pub(super) run: u64,
    /// How many may run: nothing of them is stored though the run has succeeded, so that they were skipped or not selected.
    pub(super) perhaps: u64,
    /// Whether there are no others. If not, only a run knows their keys.
    pub(super) is_all: bool,
    /// Why steps would run, with how many each.
    pub(super) reasons: Vec<(Reason, u64)>,
    /// The nodes above of which steps would run: if they give something else, nothing here is reused.
    pub(super) above: Vec<String>,
    /// Other runs of the store may have what this one has not.
    pub(super) is_cached: bool,
}

/// Why a step would run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// It failed, was canceled, or what it needed failed.
    NotSucceeded,
    OpChanged {
        from: String,
        to: String,
    },
    VersionChanged {
        from: Option<String>,
        to: Option<String>,
    },
    /// An output cannot be stored, of this type, if that is known.
    Output {
        name: String,
        ty: Option<&'static str>,
    },
    /// An input cannot be stored.
    Input,
    /// Not all keys that it emitted are stored.
    KeysLost,
    /// Nothing of it is stored: it is new, or the run did not come to it.
    NotStored,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version =
            |of: &Option<String>| of.as_ref().map_or("none".to_owned(), |of| format!("\"{of}\""));
        match self {
            Self::NotSucceeded => f.write_str("had not succeeded"),
            Self::OpChanged { from, to } => write!(f, "the op was `{from}`, and is `{to}`"),
            Self::VersionChanged { from, to } => {
                write!(f, "the op's version was {}, and is {}", version(from), version(to))
            }
            Self::Output { name, ty: Some(ty) } => {
                write!(f, "a `{ty}` cannot be stored, which is its `{name}`")
            }
            Self::Output { name, ty: None } => write!(f, "its `{name}` cannot be stored"),
            Self::Input => f.write_str("an input cannot be stored"),
            Self::KeysLost => f.write_str("not all keys that it emitted are stored"),
            Self::NotStored => f.write_str("nothing is stored"),
        }
    }
}

impl Row {
    /// How many steps would run: `2`, or `2+` if there may be more.
    pub(super) fn run_text(&self) -> String {
        let is_all = self.is_all && self.perhaps == 0;
        format!("{}{}", HumanCount(self.run), if is_all { "" } else { "+" })
    }

    /// Why steps would run, and what reuse depends on.
    pub(super) fn why(&self) -> String {
        let reason = |(reason, count): &(Reason, u64)| match self.reasons.len() {
            1 => reason.to_string(),
            _ => format!("{reason} ({})", HumanCount(*count)),
        };
        let mut parts: Vec<_> = self.reasons.iter().map(reason).collect();
        if self.perhaps > 0 {
            parts.push(format!(
                "{} may have been skipped or not selected",
                HumanCount(self.perhaps)
            ));
        }
        if self.reused > 0 && !self.above.is_empty() {
            let give = if self.above.len() == 1 { "gives" } else { "give" };
            parts.push(format!("reused if `{}` {give} the same", self.above.join("`, `")));
        }
        if self.is_cached && self.run_text() != "0" {
            parts.push("cached: other runs may have it".to_owned());
        }
        parts.join("; ")
    }
}

/// What would become of the steps of every op, in graph order.
pub(super) fn forecast(graph: &GraphView, run: &StoredRun) -> Vec<Row> {
    let nodes = graph.nodes();
    let mut steps: Vec<Vec<&StoredStep>> = vec![Vec::new(); nodes.len()];
    let place = |name: &str| nodes.iter().position(|node| node.is_op() && node.name() == name);
    let mut places = HashMap::new();
    for step in run.steps() {
        let at = places.entry(step.key.node()).or_insert_with(|| place(step.key.node()));
        if let Some(at) = at {
            steps[*at].push(step);
        }
    }
    let mut of_nodes: Vec<_> =
        nodes.iter().zip(&steps).map(|(node, steps)| OfNode::of(node, steps)).collect();
    for key in run.missing_steps() {
        if let Some(at) = place(key.node()) {
            of_nodes[at].add(Reason::KeysLost);
        }
    }
    let totals = totals(graph, &of_nodes, &steps);
    let has_succeeded = has_succeeded(run.summary());
    for (of_node, total) in of_nodes.iter_mut().zip(&totals) {
        let unknown = total.unwrap_or(0).saturating_sub(of_node.reused + of_node.run());
        if has_succeeded {
            of_node.perhaps = unknown;
        } else {
            of_node.add_many(Reason::NotStored, unknown);
        }
    }
    let above = above(graph, &of_nodes, &totals);
    let rows = nodes.iter().zip(of_nodes).zip(totals).zip(above);
    let rows = rows.filter(|(((node, _), _), _)| node.is_op());
    rows.map(|(((node, of_node), total), above)| Row {
        node: node.name().to_owned(),
        reused: of_node.reused,
        run: of_node.run(),
        perhaps: of_node.perhaps,
        is_all: total.is_some(),
        reasons: of_node.reasons.into_iter().collect(),
        above,
        is_cached: node.is_cached(),
    })
    .collect()
}

#[derive(Debug, Default)]
struct OfNode {
    reused: u64,
    perhaps: u64,
    reasons: BTreeMap<Reason, u64>,
}

impl OfNode {
    fn of(node: &GraphNode, steps: &[&StoredStep]) -> Self {
        let mut of_node = Self::default();
        for step in steps {
            match why_run(node, step) {
                Some(reason) => of_node.add(reason),
                None => of_node.reused += 1,
            }
        }
        of_node
    }

    fn add(&mut self, reason: Reason) {
        self.add_many(reason, 1);
    }

    fn add_many(&mut self, reason: Reason, count: u64) {
        if count > 0 {
            *self.reasons.entry(reason).or_default() += count;
        }
    }

    fn may_run(&self) -> bool {
        self.run() + self.perhaps > 0
    }

    fn run(&self) -> u64 {
        self.reasons.values().sum()
    }
}

/// Why a stored step would run again, whatever its inputs are.
fn why_run(node: &GraphNode, step: &StoredStep) -> Option<Reason> {
    let op = node.op().unwrap_or_default();
    if !matches!(step.status, StepStatus::Success | StepStatus::Cached) {
        Some(Reason::NotSucceeded)
    } else if step.node.op != op {
        Some(Reason::OpChanged { from: step.node.op.clone().into_owned(), to: op.to_owned() })
    } else if step.node.version.as_deref() != node.version() {
        let from = step.node.version.clone().map(Into::into);
        Some(Reason::VersionChanged { from, to: node.version().map(str::to_owned) })
    } else if let Some(output) = unstorable(node).next() {
        Some(output)
    } else if step.fingerprint.is_none() {
        Some(Reason::Input)
    } else {
        None
    }
}

/// The outputs of a node that cannot be stored.
pub(super) fn unstorable(node: &GraphNode) -> impl Iterator<Item = Reason> {
    let outputs = node.outputs().filter(|output| !output.is_storable());
    outputs.map(|output| Reason::Output { name: output.name().to_owned(), ty: output.type_name() })
}

/// The nodes that the run has steps of and the job does not have, with how many.
pub(super) fn gone<'a>(graph: &GraphView, run: &'a StoredRun) -> BTreeMap<&'a str, u64> {
    let known: HashSet<_> = graph.nodes().iter().map(GraphNode::name).collect();
    let mut gone = BTreeMap::new();
    for step in run.steps().filter(|step| !known.contains(step.key.node())) {
        *gone.entry(step.key.node()).or_default() += 1;
    }
    gone
}

/// How many steps each node has, where that is known: one outside of maps, and as many as the keys of a producer whose
/// steps would all be reused.
fn totals(graph: &GraphView, of_nodes: &[OfNode], steps: &[Vec<&StoredStep>]) -> Vec<Option<u64>> {
    let mut totals: Vec<Option<u64>> = Vec::with_capacity(of_nodes.len());
    for node in graph.nodes() {
        let total = match graph.scopes()[node.scope()].source() {
            ScopeSource::Job => Some(1),
            ScopeSource::Keys { node: producer, output, .. } => {
                let is_whole = totals.get(*producer).is_some_and(|total| {
                    *total == Some(of_nodes[*producer].reused) && !of_nodes[*producer].may_run()
                });
                is_whole.then(|| keys(&graph.nodes()[*producer], output, &steps[*producer]))
            }
            _ => None,
        };
        totals.push(total);
    }
    totals
}

/// How many keys the steps of a producer emitted on an output.
fn keys(producer: &GraphNode, output: &str, steps: &[&StoredStep]) -> u64 {
    let place = producer.outputs().position(|known| known.name() == output).unwrap_or_default();
    let emitted = steps.iter().filter_map(|step| step.emitted(place));
    emitted.map(|keys| keys.len() as u64).sum()
}

/// For each node, the nearest ones above of which steps would run.
fn above(graph: &GraphView, of_nodes: &[OfNode], totals: &[Option<u64>]) -> Vec<Vec<String>> {
    let nodes = graph.nodes();
    let sources = |to: usize| {
        let edges = graph.edges().iter().filter(move |edge| edge.to() == to);
        let keys = match graph.scopes()[nodes[to].scope()].source() {
            ScopeSource::Keys { node, .. } => Some(*node),
            _ => None,
        };
        edges.map(GraphEdge::from).chain(keys)
    };
    let runs = |place: usize| of_nodes[place].may_run() || totals[place].is_none();
    let nearest = |place: usize| {
        let (mut waiting, mut seen): (Vec<_>, _) = (sources(place).collect(), vec![place]);
        let mut found = Vec::new();
        while let Some(from) = waiting.pop() {
            if seen.contains(&from) {
                continue;
            }
            seen.push(from);
            if nodes[from].is_op() && runs(from) {
                found.push(from);
            } else {
                waiting.extend(sources(from));
            }
        }
        found.sort_unstable();
        found.into_iter().map(|place| nodes[place].name().to_owned()).collect()
    };
    (0..nodes.len()).map(nearest).collect()
}

#[cfg(test)]
mod tests {
    use dynagraph::prelude::*;
    use dynagraph::store::{MemoryStore, RunStore as _};

    use super::*;

    #[derive(Clone)]
    struct Secret;

    #[op]
    fn fields(count: u32) -> Vec<DynamicOutput<u32>> {
        (0..count).map(|field| DynamicOutput::new(field, field)).collect()
    }

    #[op(version = "1")]
    fn harvest(field: u32) -> Result<u32, String> {
        if field == 2 { Err("rain".to_owned()) } else { Ok(field) }
    }

    /// The op of the next version.
    #[op(name = "harvest", version = "2", cache)]
    fn harvest_2(field: u32) -> u32 {
        field
    }

    #[op]
    fn weigh(grain: u32) -> u32 {
        grain
    }

    #[op]
    fn barn(sacks: Vec<u32>) -> u32 {
        sacks.iter().sum()
    }

    #[op]
    fn key() -> Secret {
        Secret
    }

    #[op]
    fn lock(_key: Secret, number: u32) -> u32 {
        number
    }

    fn farm(count: u32) -> Job<()> {
        Job::compose("farm", || {
            barn(fields(count).map(harvest).map(weigh).collect());
        })
    }

    async fn stored(job: &Job<()>) -> StoredRun {
        let store = MemoryStore::new();
        let report = job.run().store(store.clone()).report().await;
        store.read(report.id()).unwrap()
    }

    fn rows(job: &Job<()>, run: &StoredRun) -> Vec<String> {
        let row =
            |row: Row| format!("{} {} {} {}", row.node, row.reused, row.run_text(), row.why());
        forecast(&job.graph(), run).into_iter().map(row).collect()
    }

    #[tokio::test]
    async fn what_failed_and_what_was_not_reached_would_run() {
        let run = stored(&farm(4)).await;
        assert_eq!(
            rows(&farm(4), &run),
            [
                "fields 1 0 ",
                "harvest 3 1 had not succeeded",
                "weigh 3 1 nothing is stored; reused if `harvest` gives the same",
                "barn 0 1 nothing is stored",
            ]
        );
    }

    #[tokio::test]
    async fn another_version_would_run_and_what_takes_it_depends_on_that() {
        let run = stored(&farm(2)).await;
        let newer = Job::compose("farm", || {
            let grain = fields(2).map(|field| harvest_2(field).alias("harvest"));
            barn(grain.map(weigh).collect());
            fields(3);
        });
        assert_eq!(
            rows(&newer, &run),
            [
                "fields 1 0 ",
                "harvest 0 2 the op's version was \"1\", and is \"2\"; cached: other runs may have it",
                "weigh 2 0 reused if `harvest` gives the same",
                "barn 1 0 reused if `harvest` gives the same",
                "fields_2 0 0+ 1 may have been skipped or not selected",
            ]
        );
    }

    #[tokio::test]
    async fn what_cannot_be_stored_would_run_and_so_would_what_takes_it() {
        let job = Job::compose("locks", || {
            fields(2).map(|number| lock(key(), number));
        });
        let run = stored(&job).await;
        let rows = rows(&job, &run);
        assert!(rows[1].starts_with("key 0 "), "{rows:?}");
        assert!(rows[1].contains("Secret` cannot be stored, which is its `output`"), "{rows:?}");
        assert_eq!(rows[2], "lock 0 2 an input cannot be stored");
    }

    #[tokio::test]
    async fn what_the_job_no_longer_has_is_gone() {
        let run = stored(&farm(2)).await;
        let job = Job::compose("farm", || {
            fields(2).map(harvest);
        });
        assert_eq!(gone(&job.graph(), &run), [("barn", 1), ("weigh", 2)].into());
    }

    #[tokio::test]
    async fn where_a_producer_would_run_nobody_knows_how_many_follow() {
        let run = stored(&farm(2)).await;
        let other = Job::compose("farm", || {
            fields(9).alias("acres").map(harvest);
        });
        assert_eq!(
            rows(&other, &run),
            [
                "acres 0 0+ 1 may have been skipped or not selected",
                "harvest 2 0+ reused if `acres` gives the same",
            ]
        );
    }
}
