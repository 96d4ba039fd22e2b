//! Handles: what a job function holds of values that do not exist yet.

mod combine;
mod dynamic;
mod gather;
mod mapped;
mod output;
mod partial;
mod rules;

pub use dynamic::DynamicHandle;
pub(crate) use dynamic::RawDynamic;
pub use gather::Fanned;
pub use gather::{By, Home, Raw};
pub use mapped::Mapped;
pub use output::{AnyNumber, Awaited, OutputHandle};

use super::composer::{Composer, Ref};
use super::{NodeId, PortRef, ScopeId};

/// One use of an op, from which its handles are made.
///
/// `#[op]` calls its methods for the handles of an op that has several outputs.
#[derive(Debug)]
pub struct NodeHandle {
    node: Ref<NodeId>,
    scope: ScopeId,
    fan_outs: Vec<Option<(ScopeId, PortRef)>>,
}

impl NodeHandle {
    pub(super) fn new(composer: &Composer, node: NodeId, scope: ScopeId) -> Self {
        let fan_outs = composer.graph().node(node).op().map_or_else(Vec::new, |op| {
            let element = |scope: &ScopeId| (*scope, composer.element(*scope));
            op.fan_outs.iter().map(|scope| scope.as_ref().map(element)).collect()
        });
        Self { node: composer.handle(node), scope, fan_outs }
    }

    pub(super) fn poisoned() -> Self {
        let node = Composer::poison(NodeId::POISON);
        Self { node, scope: ScopeId::ROOT, fan_outs: Vec::new() }
    }

    /// The handle of a plain or optional output.
    pub fn output<T>(&self, output: usize) -> OutputHandle<T> {
        OutputHandle::new(Ref { job: self.node.job, of: PortRef { node: self.node.of, output } })
    }

    /// The handle of a dynamic output.
    pub fn dynamic<T>(&self, output: usize) -> DynamicHandle<T> {
        let poison = (ScopeId::ROOT, PortRef { node: self.node.of, output });
        let (scope, value) = self.fan_outs.get(output).copied().flatten().unwrap_or(poison);
        let raw = RawDynamic { view: self.scope, scope, value };
        DynamicHandle::new(Ref { job: self.node.job, of: raw })
    }
}

/// What invoking an op gives.
pub trait Handles {
    /// Takes the handles of a use of the op.
    fn from_node(node: &NodeHandle) -> Self;
}

impl<T> Handles for OutputHandle<T> {
    fn from_node(node: &NodeHandle) -> Self {
        node.output(0)
    }
}

impl<T> Handles for DynamicHandle<T> {
    fn from_node(node: &NodeHandle) -> Self {
        node.dynamic(0)
    }
}
