//! Gives every use of an op, and every zip, its name.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Graph, Kind, Source};
use crate::error::BuildError;

/// Names nodes in the order of their invocation: the alias, or the op's name with `_2`, `_3` from its second use on.
pub(super) fn assign(graph: &mut Graph) -> Result<(), BuildError> {
    let mut uses: HashMap<&'static str, usize> = HashMap::new();
    let mut taken = HashMap::new();
    for node in &mut graph.nodes {
        let Kind::Op(op) = &mut node.kind else { continue };
        let at = node.at;
        let name: Arc<str> = match &op.alias {
            Some(alias) if is_name(alias) => alias.as_str().into(),
            Some(alias) => return Err(BuildError::BadName { name: alias.clone(), at }),
            None => numbered(op.op_name, &mut uses),
        };
        if let Some(first) = taken.insert(Arc::clone(&name), at) {
            return Err(BuildError::DuplicateName { name: name.to_string(), at, first });
        }
        op.name = name;
    }
    for scope in &mut graph.scopes {
        let Source::Zip(zip) = &mut scope.source else { continue };
        loop {
            zip.name = numbered("zip", &mut uses);
            if taken.insert(Arc::clone(&zip.name), scope.at).is_none() {
                break;
            }
        }
    }
    Ok(())
}

fn numbered(name: &'static str, uses: &mut HashMap<&'static str, usize>) -> Arc<str> {
    let number = uses.entry(name).or_default();
    *number += 1;
    match *number {
        1 => name.into(),
        number => format!("{name}_{number}").into(),
    }
}

fn is_name(text: &str) -> bool {
    let reserved = |c: char| c.is_control() || matches!(c, '[' | ']' | '/' | '*' | '?' | '%');
    !text.is_empty() && !text.contains(reserved)
}
