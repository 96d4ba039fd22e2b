//! Gives every use of an op, and every zip, its name.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::Arc;

use super::{Graph, Kind, Source};
use crate::error::BuildError;

/// Names nodes in the order of their invocation: the alias, or the op's name with `_2`, `_3` from its second use on.
pub(super) fn assign(graph: &mut Graph) -> Result<(), BuildError> {
    let mut names = Names::default();
    for node in &mut graph.nodes {
        let Kind::Op(op) = &mut node.kind else { continue };
        match &op.alias {
            Some((alias, _)) if is_name(alias) => op.name = alias.as_str().into(),
            Some((alias, at)) => return Err(BuildError::BadName { name: alias.clone(), at }),
            // Whatever ops are called, a use number must not take the name of another op.
            None if names.uses.contains_key(op.op_name) => continue,
            None => {
                names.uses.insert(op.op_name, 1);
                op.name = op.op_name.into();
            }
        }
        names.take(&op.name, node.at, op.alias.is_some())?;
        op.named = true;
    }
    for node in &mut graph.nodes {
        let Kind::Op(op) = &mut node.kind else { continue };
        if !op.named {
            op.name = names.next(op.op_name, node.at)?;
        }
    }
    for scope in &mut graph.scopes {
        if let Source::Zip(zip) = &mut scope.source {
            // Also the zips that cannot fail are counted.
            names.uses.insert("zip", zip.number - 1);
            zip.name = names.next("zip", scope.at)?;
        }
    }
    Ok(())
}

#[derive(Default)]
struct Names {
    /// How many names were made of each op's.
    uses: HashMap<&'static str, usize>,
    /// Where each name is used, and whether it is an alias.
    taken: HashMap<Arc<str>, (&'static Location<'static>, bool)>,
}

impl Names {
    fn take(
        &mut self,
        name: &Arc<str>,
        at: &'static Location<'static>,
        alias: bool,
    ) -> Result<(), BuildError> {
        match self.taken.insert(Arc::clone(name), (at, alias)) {
            None => Ok(()),
            Some((first, _)) => {
                Err(BuildError::DuplicateName { name: name.to_string(), at, first })
            }
        }
    }

    /// The next free name that is made of an op's. An alias in its place is a mistake: the next number would surprise.
    fn next(
        &mut self,
        op: &'static str,
        at: &'static Location<'static>,
    ) -> Result<Arc<str>, BuildError> {
        loop {
            let uses = self.uses.entry(op).or_default();
            *uses += 1;
            let name: Arc<str> = match *uses {
                1 => op.into(),
                number => format!("{op}_{number}").into(),
            };
            if !matches!(self.taken.get(&name), Some((_, false))) {
                self.take(&name, at, false)?;
                return Ok(name);
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    let reserved = |c: char| c.is_control() || matches!(c, '[' | ']' | '/' | '*' | '?' | '%');
    !text.is_empty() && !text.contains(reserved)
}
