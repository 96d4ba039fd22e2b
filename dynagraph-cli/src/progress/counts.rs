//! What has happened in a run, for each of its ops.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use dynagraph_runtime::{Event, EventKind, GraphView, Observer, ScopeSource};

/// How often each thing has happened, for each use of an op, whatever the keys.
///
/// An event costs one look-up of its node's name, and one addition or two.
#[derive(Debug)]
pub(crate) struct Counts {
    nodes: Vec<NodeCounts>,
    /// Where each name stands in `nodes`.
    places: HashMap<String, usize>,
}

#[derive(Debug)]
struct NodeCounts {
    name: String,
    total: Total,
    started: AtomicU64,
    success: AtomicU64,
    failure: AtomicU64,
    skipped: AtomicU64,
    upstream_failed: AtomicU64,
    canceled: AtomicU64,
    cached: AtomicU64,
    retries: AtomicU64,
    /// For each output of which somebody takes the keys.
    emitted: Vec<(&'static str, AtomicU64)>,
}

/// How it is known how many steps a node has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Total {
    /// It has one.
    One,
    /// As many as the node at this place emits keys, on its output at this one.
    Emitted { node: usize, output: usize },
    /// It is not.
    Unknown,
}

/// What has happened to one use of an op, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) node: String,
    /// How many steps there are, as far as that is known.
    pub(crate) total: Option<u64>,
    pub(crate) started: u64,
    pub(crate) success: u64,
    pub(crate) failure: u64,
    pub(crate) skipped: u64,
    pub(crate) upstream_failed: u64,
    pub(crate) canceled: u64,
    pub(crate) cached: u64,
    /// How many attempts failed and were followed by another.
    pub(crate) retries: u64,
}

impl Tally {
    /// How many steps have ended.
    pub(crate) fn ended(&self) -> u64 {
        let Self { success, failure, skipped, upstream_failed, canceled, cached, .. } = self;
        success + failure + skipped + upstream_failed + canceled + cached
    }
}

impl Counts {
    /// Nothing has happened yet in a run of this graph.
    pub(crate) fn of(graph: &GraphView) -> Self {
        let ops = || graph.nodes().iter().enumerate().filter(|(_, node)| node.is_op());
        // The graph's places also count fan-ins, which have no steps.
        let places: HashMap<usize, usize> =
            ops().enumerate().map(|(place, (in_graph, _))| (in_graph, place)).collect();
        let mut nodes: Vec<_> = ops().map(|(_, node)| NodeCounts::new(node.name())).collect();
        for (place, (_, node)) in ops().enumerate() {
            nodes[place].total = match graph.scopes()[node.scope()].source() {
                ScopeSource::Job => Total::One,
                ScopeSource::Keys { node, output, .. } => match places.get(node) {
                    Some(&node) => Total::Emitted { node, output: nodes[node].output(output) },
                    None => Total::Unknown,
                },
                _ => Total::Unknown,
            };
        }
        let places = nodes.iter().enumerate().map(|(place, node)| (node.name.clone(), place));
        Self { places: places.collect(), nodes }
    }

    /// What has happened so far, in graph order.
    pub(crate) fn tallies(&self) -> Vec<Tally> {
        let tally = |node: &NodeCounts| {
            let tally = node.tally();
            // Read after the steps that ended, so that there never seem to be more of them.
            Tally { total: self.total(node.total), ..tally }
        };
        self.nodes.iter().map(tally).collect()
    }

    fn total(&self, total: Total) -> Option<u64> {
        match total {
            Total::One => Some(1),
            Total::Emitted { node, output } => Some(read(&self.nodes[node].emitted[output].1)),
            Total::Unknown => None,
        }
    }

    fn count(&self, kind: &EventKind) {
        let (step, of): (_, fn(&NodeCounts) -> &AtomicU64) = match kind {
            EventKind::StepEmit { step, output, .. } => {
                let node = self.places.get(step.node()).map(|place| &self.nodes[*place]);
                let emitted = node.into_iter().flat_map(|node| &node.emitted);
                add_to(emitted.filter(|(name, _)| name == output).map(|(_, count)| count));
                return;
            }
            EventKind::StepStart { step, attempt: 1, .. } => (step, |node| &node.started),
            EventKind::StepUpForRetry { step, .. } => (step, |node| &node.retries),
            EventKind::StepSuccess { step, .. } => (step, |node| &node.success),
            EventKind::StepFailure { step, .. } => (step, |node| &node.failure),
            EventKind::StepSkipped { step, .. } => (step, |node| &node.skipped),
            EventKind::StepUpstreamFailed { step, .. } => (step, |node| &node.upstream_failed),
            EventKind::StepCanceled { step, .. } => (step, |node| &node.canceled),
            EventKind::StepCached { step, .. } => (step, |node| &node.cached),
            _ => return,
        };
        add_to(self.places.get(step.node()).map(|place| of(&self.nodes[*place])));
    }
}

impl Observer for Counts {
    fn on_event(&self, event: &Event) {
        self.count(&event.kind);
    }
}

fn add_to<'a>(counts: impl IntoIterator<Item = &'a AtomicU64>) {
    for count in counts {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

fn read(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

impl NodeCounts {
    fn new(name: &str) -> Self {
        let zero = AtomicU64::default;
        Self {
            name: name.to_owned(),
            total: Total::Unknown,
            started: zero(),
            success: zero(),
            failure: zero(),
            skipped: zero(),
            upstream_failed: zero(),
            canceled: zero(),
            cached: zero(),
            retries: zero(),
            emitted: Vec::new(),
        }
    }

    /// The place of an output whose keys are counted from now on.
    fn output(&mut self, output: &'static str) -> usize {
        let known = self.emitted.iter().position(|(name, _)| *name == output);
        known.unwrap_or_else(|| {
            self.emitted.push((output, AtomicU64::default()));
            self.emitted.len() - 1
        })
    }

    fn tally(&self) -> Tally {
        Tally {
            node: self.name.clone(),
            total: None,
            started: read(&self.started),
            success: read(&self.success),
            failure: read(&self.failure),
            skipped: read(&self.skipped),
            upstream_failed: read(&self.upstream_failed),
            canceled: read(&self.canceled),
            cached: read(&self.cached),
            retries: read(&self.retries),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dynagraph::prelude::*;

    use super::*;

    #[op(out(parts, total))]
    fn words(text: &str) -> (Vec<DynamicOutput<String>>, usize) {
        (text.split(' ').map(|part| DynamicOutput::new(part.to_owned(), part)).collect(), 1)
    }

    #[op(inline, max_retries = 1)]
    fn letters(ctx: OpContext, text: String) -> Result<Vec<DynamicOutput<char>>, OpError> {
        if ctx.attempt() == 1 {
            return Err("not now".into());
        }
        Ok(text.chars().enumerate().map(|(at, letter)| DynamicOutput::new(letter, at)).collect())
    }

    #[op]
    fn upper(letter: char) -> Result<char, String> {
        if letter == '!' { Err("no letter".into()) } else { Ok(letter.to_ascii_uppercase()) }
    }

    #[op]
    fn keep(letter: char) -> char {
        letter
    }

    #[op]
    fn count(sum: usize, _letter: char) -> usize {
        sum + 1
    }

    /// A text, its words, and their letters.
    fn shout(text: &str) -> Job<()> {
        Job::compose("shout", || {
            let parts = words(text.to_owned()).parts;
            let upper = parts.flat_map(letters).map(upper);
            upper.map(keep);
            upper.fold(0, count);
        })
    }

    /// Whatever the number of keys, there is one tally for each op.
    #[tokio::test]
    async fn steps_are_counted_for_each_op_and_not_for_each_key() {
        let job = shout("a bc d!");
        let counts = Arc::new(Counts::of(&job.graph()));
        let counting = Arc::clone(&counts);
        let run = job.run().on_event(move |event| counting.on_event(event));
        assert!(run.report().await.error().is_some());
        let tallies = counts.tallies();
        let names: Vec<_> = tallies.iter().map(|tally| &*tally.node).collect();
        assert_eq!(names, ["words", "letters", "upper", "keep", "count"]);
        let [words, letters, upper, keep, count] = &*tallies else { panic!("{tallies:?}") };
        assert_eq!((words.total, words.started, words.ended()), (Some(1), 1, 1));
        assert_eq!((letters.total, letters.success, letters.retries), (Some(3), 3, 3));
        assert_eq!((upper.total, upper.success, upper.failure), (Some(5), 4, 1));
        assert_eq!((keep.total, keep.success, keep.upstream_failed), (Some(5), 4, 1));
        assert_eq!((count.total, count.ended()), (None, 5));
        assert_eq!((upper.started, keep.started, upper.ended()), (5, 4, 5));
    }

    #[test]
    fn before_a_run_nothing_has_happened() {
        let counts = Counts::of(&shout("a").graph());
        let tallies = counts.tallies();
        assert_eq!(tallies[0], Tally { node: "words".into(), total: Some(1), ..Tally::default() });
        assert_eq!(tallies[2], Tally { node: "upper".into(), total: Some(0), ..Tally::default() });
    }
}
