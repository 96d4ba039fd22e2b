//! A graph as an indented tree.

use std::fmt::Write as _;

use dynagraph_runtime::{GraphNode, GraphScope, GraphView, ScopeSource};

use crate::command::policy;

/// A graph, with what is in each scope.
pub(super) struct Tree<'a> {
    graph: &'a GraphView,
    inside: Vec<Vec<Item>>,
}

#[derive(Clone, Copy)]
enum Item {
    Node(usize),
    Scope(usize),
}

impl<'a> Tree<'a> {
    /// In the order of composition; a scope stands where its first node does, or after its fold.
    pub(super) fn of(graph: &'a GraphView) -> Self {
        let mut inside = vec![Vec::new(); graph.scopes().len()];
        let mut is_placed = vec![false; graph.scopes().len()];
        for (place, node) in graph.nodes().iter().enumerate() {
            let mut scope = node.scope();
            while let Some(parent) = graph.scopes()[scope].parent() {
                if is_placed[scope] || folded_by(&graph.scopes()[scope]).is_some() {
                    break;
                }
                is_placed[scope] = true;
                inside[parent].push(Item::Scope(scope));
                scope = parent;
            }
            inside[node.scope()].push(Item::Node(place));
            let is_folded = |scope: &usize| folded_by(&graph.scopes()[*scope]) == Some(place);
            let folded = (0..graph.scopes().len()).filter(is_folded).map(Item::Scope);
            inside[node.scope()].extend(folded);
        }
        Self { graph, inside }
    }

    pub(super) fn text(&self, job: &str) -> String {
        let mut text = format!("{job}\n");
        self.write(&mut text, 0, 1);
        text
    }

    fn write(&self, text: &mut String, scope: usize, depth: usize) {
        for item in self.inside.get(scope).into_iter().flatten() {
            let indent = "  ".repeat(depth);
            match *item {
                Item::Node(place) => {
                    let node = &self.graph.nodes()[place];
                    let _ = writeln!(text, "{indent}{}{}", node.name(), self.about(place, node));
                }
                Item::Scope(scope) => {
                    let _ = writeln!(text, "{indent}{}", self.heading(&self.graph.scopes()[scope]));
                    self.write(text, scope, depth + 1);
                }
            }
        }
    }

    /// What a node takes its values from, and how its steps are run.
    fn about(&self, place: usize, node: &GraphNode) -> String {
        let mut from = Vec::new();
        for edge in self.graph.edges().iter().filter(|edge| edge.to() == place) {
            let node = &self.graph.nodes()[edge.from()];
            let is_own_body = folded_by(&self.graph.scopes()[node.scope()]) == Some(place);
            if !is_own_body && !from.contains(&node.name()) {
                from.push(node.name());
            }
        }
        let rules = in_parentheses(&rules(node));
        if from.is_empty() { rules } else { format!(" ← {}{rules}", from.join(", ")) }
    }

    fn heading(&self, scope: &GraphScope) -> String {
        let name = |place: usize| self.graph.nodes()[place].name();
        let names = |of: &[usize]| of.iter().map(|of| name(*of)).collect::<Vec<_>>().join(", ");
        let heading = match scope.source() {
            ScopeSource::Job => String::new(),
            ScopeSource::Keys { node, output, .. } => {
                let is_plain = *output == "output" || *output == name(*node);
                let output = if is_plain { String::new() } else { format!(".{output}") };
                format!("for each key of {}{output}", name(*node))
            }
            ScopeSource::Again { of, .. } => format!("for each key of {}, again", names(of)),
            ScopeSource::Zip { of, .. } => format!("for each key of {} at once", names(of)),
            ScopeSource::Batch { of, size, .. } => {
                format!("for each {size} values of {}", names(of))
            }
            ScopeSource::Fold { node, .. } => format!("for each value of {}", name(*node)),
            _ => "for each key".to_owned(),
        };
        let window = scope.window().map(|limit| format!("window {limit}"));
        let at_once = scope.max_concurrent().map(|limit| format!("at most {limit} at once"));
        let limits: Vec<_> = window.into_iter().chain(at_once).collect();
        format!("{heading}{}:", in_parentheses(&limits))
    }
}

/// Nothing without anything in it.
fn in_parentheses(words: &[String]) -> String {
    if words.is_empty() { String::new() } else { format!("  ({})", words.join(", ")) }
}

/// The fold whose values a scope is run for.
fn folded_by(scope: &GraphScope) -> Option<usize> {
    match scope.source() {
        ScopeSource::Fold { node, .. } => Some(*node),
        _ => None,
    }
}

/// How the steps of a node are run, where the job says so.
fn rules(node: &GraphNode) -> Vec<String> {
    let pool = |(name, weight)| match weight {
        1 => format!("pool {name}"),
        weight => format!("{weight} slots of pool {name}"),
    };
    let rules = [
        node.version().map(|version| format!("version {version}")),
        node.is_cached().then(|| "cached".to_owned()),
        node.max_concurrent().map(|limit| format!("at most {limit} at once")),
        node.pool().map(pool),
        node.retry().map(policy::in_words),
        node.timeout().map(|time| format!("timeout {}", humantime::format_duration(time))),
        node.idle_timeout()
            .map(|time| format!("idle timeout {}", humantime::format_duration(time))),
    ];
    let tags = node.tags().map(|(key, value)| format!("{key}={value}"));
    rules.into_iter().flatten().chain(tags).collect()
}
