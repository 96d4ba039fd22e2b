//! Finds a step of a stored run by its key.

use dynagraph_runtime::store::{StoredRun, StoredStep};

use super::OpenStore;

/// How many steps are named that may be meant.
const NAMED: usize = 3;

/// There is no such step.
#[derive(Debug, thiserror::Error)]
#[error("the store has no step `{key}` of this run{hint}")]
pub(in crate::command) struct NoStep {
    key: String,
    hint: String,
}

/// The step with this key, as it is printed.
pub(in crate::command) fn step<'a>(
    run: &'a StoredRun,
    key: &str,
    store: &OpenStore,
) -> Result<&'a StoredStep, NoStep> {
    let found = run.steps().find(|step| step.key.to_string() == key);
    found.ok_or_else(|| no_step(run, key, store))
}

/// There is no such step: names some that may be meant.
pub(in crate::command) fn no_step(run: &StoredRun, key: &str, store: &OpenStore) -> NoStep {
    let node = key.split('[').next().unwrap_or_default();
    let of_node = run.steps().filter(|step| step.node.name == node);
    let of_node: Vec<_> = of_node.map(|step| format!("`{}`", step.key)).take(NAMED + 1).collect();
    let mut nodes = Vec::new();
    for step in run.steps() {
        let name = format!("`{}`", step.node.name);
        if !nodes.contains(&name) {
            nodes.push(name);
        }
    }
    let others = match (&*of_node, &*nodes) {
        ([], []) => ", nor any other".to_owned(),
        ([], nodes) => format!("; it has steps of {}", nodes.join(", ")),
        ([named @ .., _], _) if named.len() == NAMED => {
            format!("; of `{node}`, it has {}, …", named.join(", "))
        }
        (of_node, _) => format!("; of `{node}`, it has {}", of_node.join(", ")),
    };
    let call = store.call(format_args!("show {}", run.summary().id));
    let hint =
        format!("{others}\n\n`{call}` shows what there is; a step that has not ended is not there");
    NoStep { key: key.to_owned(), hint }
}
