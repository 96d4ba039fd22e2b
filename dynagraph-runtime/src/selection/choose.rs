//! What a selection means for each node of a graph.

use super::parse::{Mistake, NodeName, Term, parse};
use super::pattern::{Pattern, Steps};
use super::relate::{OfNodes, Relation, Way};
use crate::error::ConfigError;
use crate::graph::{Graph, NodeId};
use crate::op::OutputKind;

/// How many names are suggested for one that is not known.
const NEAREST: usize = 3;

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked<'a> {
    /// Some steps, with what is above and below them.
    Select(&'a [String]),
    /// One step.
    Spin(&'a str),
}

/// The steps that a run was asked for, and what they need.
#[derive(Debug)]
pub(crate) struct Chosen {
    nodes: Vec<OfNode>,
    /// The parts of the selection that must match a step, as they were written.
    parts: Vec<String>,
}

#[derive(Debug, Default)]
struct OfNode {
    selected: Steps,
    /// The steps that selected ones need for certain.
    needed: Steps,
    /// The steps that selected ones may need.
    perhaps: Steps,
    /// The parts that name steps of the node.
    parts: Vec<(Pattern, usize)>,
    /// Whether what the node gives decides which other steps there are.
    emits: bool,
}

/// What a selection says of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    Selected,
    /// It is not selected, and a selected step needs it.
    Needed,
    /// It is not selected, and only a run knows whether a selected step needs it.
    Perhaps,
    /// No selected step needs it.
    Other,
}

impl Chosen {
    /// What is said of a step; `path` gives its keys as step keys print them.
    pub(crate) fn of(&self, node: NodeId, path: impl FnOnce() -> String) -> Choice {
        // A node that the plan adds is no op, and has no steps.
        let Some(of) = self.nodes.get(node.0) else { return Choice::Other };
        if of.selected.is_all() {
            return Choice::Selected;
        }
        if of.selected.is_empty() && (of.needed.is_all() || of.perhaps.is_empty()) {
            return if of.needed.is_all() { Choice::Needed } else { Choice::Other };
        }
        let path = path();
        if of.selected.contains(&path) {
            Choice::Selected
        } else if of.needed.contains(&path) || (of.emits && of.perhaps.contains(&path)) {
            Choice::Needed
        } else if of.perhaps.contains(&path) {
            Choice::Perhaps
        } else {
            Choice::Other
        }
    }

    /// The parts of the selection that name steps of a node, each with the keys that it names.
    pub(crate) fn parts_of(&self, node: NodeId) -> &[(Pattern, usize)] {
        self.nodes.get(node.0).map_or(&[], |of| &of.parts)
    }

    /// The parts of the selection that must match a step, as they were written.
    pub(crate) fn parts(&self) -> &[String] {
        &self.parts
    }
}

/// Finds what was asked for in a graph. All mistakes are reported together.
pub(crate) fn choose(graph: &Graph, asked: Asked<'_>) -> Result<Chosen, Vec<ConfigError>> {
    let relation = Relation::new(graph);
    let mut choosing = Choosing {
        graph,
        relation: &relation,
        selected: OfNodes::new(),
        own: Vec::new(),
        parts: Vec::new(),
        named: Vec::new(),
        mistakes: Vec::new(),
    };
    match asked {
        Asked::Select(selections) => {
            for selection in selections {
                choosing.select(selection);
            }
        }
        Asked::Spin(step) => choosing.spin(step),
    }
    if choosing.mistakes.is_empty() { Ok(choosing.finish()) } else { Err(choosing.mistakes) }
}

struct Choosing<'a> {
    graph: &'a Graph,
    relation: &'a Relation,
    selected: OfNodes,
    /// All that was selected, one after the other.
    own: Vec<(NodeId, Pattern)>,
    parts: Vec<String>,
    named: Vec<(NodeId, Pattern, usize)>,
    mistakes: Vec<ConfigError>,
}

impl Choosing<'_> {
    fn select(&mut self, selection: &str) {
        let setting = format!("run().select({selection:?})");
        match parse(selection) {
            Ok(terms) => terms.iter().for_each(|term| self.add(&setting, term)),
            Err(mistake) => self.mistaken(setting, mistake),
        }
    }

    fn spin(&mut self, step: &str) {
        let setting = format!("run().spin(.., {step:?})");
        let terms = match parse(step) {
            Ok(terms) => terms,
            Err(mistake) => return self.mistaken(setting, mistake),
        };
        let [term] = terms.as_slice() else {
            return self.mistaken(setting, several("one step is run alone, and these are several"));
        };
        let nodes = self.nodes(term);
        let is_one = |keys: &Option<Vec<_>>| match (keys, nodes.as_slice()) {
            (None, [node]) => self.relation.keys(*node) == 0,
            (Some(keys), _) => Pattern(keys.clone()).exact().is_some(),
            (None, _) => term.node != NodeName::Every,
        };
        if term.above || term.below {
            return self.mistaken(setting, several("one step is run alone: write it without `+`"));
        }
        if !is_one(&term.keys) {
            let reason = "one step is run alone: write its node, and all of its keys without `*`";
            return self.mistaken(setting, several(reason));
        }
        self.add(&setting, term);
    }

    fn mistaken(&mut self, setting: String, Mistake { at, reason }: Mistake) {
        self.mistakes.push(ConfigError::BadSelection { setting, at, reason });
    }

    /// The ops that a part names.
    fn nodes(&self, term: &Term) -> Vec<NodeId> {
        let nodes = (0..self.graph.nodes.len()).map(NodeId);
        let is_named = |id: &NodeId| match (&term.node, self.graph.node(*id).op()) {
            (_, None) => false,
            (NodeName::Every, Some(_)) => true,
            (NodeName::Named(name), Some(op)) => *op.name == **name,
        };
        nodes.filter(is_named).collect()
    }

    fn add(&mut self, setting: &str, term: &Term) {
        let nodes = self.nodes(term);
        if let (NodeName::Named(name), []) = (&term.node, nodes.as_slice()) {
            let mistake = self.unknown(setting, name);
            return self.mistakes.push(mistake);
        }
        let mut own = Vec::new();
        for id in nodes {
            let keys = self.relation.keys(id);
            let pattern = match &term.keys {
                None => Pattern::any(keys),
                Some(named) if named.len() == keys => Pattern(named.clone()),
                Some(named) => {
                    let (setting, node) = (setting.to_owned(), self.name(id));
                    let (given, part) = (named.len(), term.text.clone());
                    let mistake = ConfigError::SelectedKeys { setting, part, node, given, keys };
                    return self.mistakes.push(mistake);
                }
            };
            if term.keys.is_some() {
                self.named.push((id, pattern.clone(), self.parts.len()));
            }
            own.push((id, pattern));
        }
        if term.keys.is_some() {
            self.parts.push(term.text.clone());
        }
        for (asked, way) in [(term.above, Way::Above), (term.below, Way::Below)] {
            if asked {
                let mut found = OfNodes::new();
                self.relation.follow(way, false, own.clone(), &mut found);
                for (id, steps) in found {
                    steps.patterns().for_each(|pattern| self.take(id, pattern));
                }
            }
        }
        for (id, pattern) in own {
            self.take(id, pattern);
        }
    }

    /// Selects steps, if the node has any.
    fn take(&mut self, id: NodeId, pattern: Pattern) {
        if self.graph.node(id).op().is_none() {
            return;
        }
        if self.selected.entry(id).or_default().add(&pattern) {
            self.own.push((id, pattern));
        }
    }

    fn name(&self, id: NodeId) -> String {
        self.graph.node(id).op().map(|op| op.name.to_string()).unwrap_or_default()
    }

    fn unknown(&self, setting: &str, node: &str) -> ConfigError {
        let names = self.graph.nodes.iter().filter_map(|node| node.op());
        let known: Vec<_> = names.map(|op| op.name.to_string()).collect();
        let distances = known.iter().map(|name| (strsim::damerau_levenshtein(name, node), name));
        let near = |distance: usize| distance <= node.chars().count().div_ceil(3);
        let mut nearest: Vec<_> = distances.filter(|(distance, _)| near(*distance)).collect();
        nearest.sort();
        let nearest = nearest.into_iter().take(NEAREST).map(|(_, name)| name.clone()).collect();
        let (setting, node) = (setting.to_owned(), node.to_owned());
        ConfigError::UnknownNode { setting, node, nearest, known }
    }

    fn finish(self) -> Chosen {
        let (mut needed, mut perhaps) = (OfNodes::new(), OfNodes::new());
        self.relation.follow(Way::Above, true, self.own.clone(), &mut needed);
        self.relation.follow(Way::Above, false, self.own, &mut perhaps);
        let mut selected = self.selected;
        let nodes = self.graph.nodes.iter().enumerate().map(|(place, node)| {
            let id = NodeId(place);
            let steps = |of: &mut OfNodes| of.remove(&id).unwrap_or_default();
            let outputs = node.op().map(|op| op.spec.outputs.iter());
            let dynamic = |kind| kind == OutputKind::Dynamic;
            OfNode {
                selected: steps(&mut selected),
                needed: steps(&mut needed),
                perhaps: steps(&mut perhaps),
                parts: Vec::new(),
                emits: outputs
                    .is_some_and(|mut outputs| outputs.any(|output| dynamic(output.kind))),
            }
        });
        let mut nodes: Vec<_> = nodes.collect();
        for (id, pattern, part) in self.named {
            nodes[id.0].parts.push((pattern, part));
        }
        Chosen { nodes, parts: self.parts }
    }
}

fn several(reason: &str) -> Mistake {
    Mistake { at: 1, reason: reason.to_owned() }
}
