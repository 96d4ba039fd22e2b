//! What may feed an op: the handle of a value, or a value.

use std::any::{TypeId, type_name};
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use super::composer::{Composer, Ref, is_composing, with_composer};
use super::handle::{Handles, NodeHandle, OutputHandle};
use super::{Graph, Kind, NodeId, OpNode, PortRef, RawInput, Source};
use crate::op::{Behavior, Op, OutputKind};
use crate::value::{Erased, Value};

/// Anything that can feed an op input of type `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot feed an op input of type `{T}`",
    label = "expected a `{T}`, or a handle to one",
    note = "inside a job, pass a value of type `{T}` or the handle of an op that returns one",
    note = "a dynamic handle stands for any number of values: call `.map(..)` to run the op once for each, or `.collect()` to pass them all as a `Vec`"
)]
pub trait IntoInput<T> {
    /// Says where the value will come from.
    fn into_input(self) -> Input<T>;
}

/// Where an op's input comes from.
#[derive(Debug)]
pub struct Input<T> {
    source: InputSource,
    value: PhantomData<fn() -> T>,
}

#[derive(Debug)]
enum InputSource {
    Value(Erased),
    Handle(Ref<PortRef>),
}

#[diagnostic::do_not_recommend]
impl<T: Value> IntoInput<T> for T {
    fn into_input(self) -> Input<T> {
        Input { source: InputSource::Value(Erased::new(self)), value: PhantomData }
    }
}

impl<T: Value> IntoInput<T> for OutputHandle<T> {
    fn into_input(self) -> Input<T> {
        Input { source: InputSource::Handle(self.port()), value: PhantomData }
    }
}

impl IntoInput<String> for &str {
    fn into_input(self) -> Input<String> {
        self.to_owned().into_input()
    }
}

impl<T> Input<T> {
    /// The input as the graph keeps it: none after a mistake.
    pub(super) fn resolve(
        self,
        composer: &mut Composer,
        at: &'static Location<'static>,
    ) -> Option<RawInput> {
        self.source.resolve(composer, at)
    }
}

impl InputSource {
    fn resolve(self, composer: &mut Composer, at: &'static Location<'static>) -> Option<RawInput> {
        match self {
            Self::Value(value) => Some(RawInput::Value(value)),
            Self::Handle(handle) => {
                let scope = |graph: &Graph| graph.scope_of(handle.of);
                composer.is_visible(handle.job, scope, at).then_some(RawInput::Port(handle.of))
            }
        }
    }
}

/// A tuple of the types that an op takes.
pub trait Inputs: 'static {
    /// The same tuple, of what feeds them.
    type Given;

    #[doc(hidden)]
    fn sources(given: Self::Given) -> Vec<RawSource>;
}

/// One input of any type.
#[derive(Debug)]
#[doc(hidden)]
pub struct RawSource(InputSource);

macro_rules! inputs {
    ($($input:ident)*) => {
        impl<$($input: 'static),*> Inputs for ($($input,)*) {
            type Given = ($(Input<$input>,)*);

            #[expect(clippy::allow_attributes, reason = "the tuple of nothing has no names")]
            #[allow(non_snake_case, reason = "a type's letter names its value")]
            fn sources(($($input,)*): Self::Given) -> Vec<RawSource> {
                vec![$(RawSource($input.source)),*]
            }
        }
    };
}

inputs!();
inputs!(A);
inputs!(A B);
inputs!(A B C);
inputs!(A B C D);
inputs!(A B C D E);
inputs!(A B C D E F);
inputs!(A B C D E F G);
inputs!(A B C D E F G H);
inputs!(A B C D E F G H I);
inputs!(A B C D E F G H I J);
inputs!(A B C D E F G H I J K);
inputs!(A B C D E F G H I J K L);

/// Records one use of an op in the job that is being composed, and gives its handles.
///
/// The op is placed in the deepest scope that its inputs are in.
///
/// # Panics
///
/// Outside a job function.
#[track_caller]
pub fn invoke<O: Op>(given: <O::Inputs as Inputs>::Given) -> O::Handles {
    let at = Location::caller();
    let op_type = (TypeId::of::<O>(), type_name::<O>());
    let op = OpNode::new(O::NAME, op_type, Arc::new(Behavior::<O>::new()), O::spec());
    O::Handles::from_node(&record(op, O::Inputs::sources(given), at))
}

/// What invoking does for every op alike: compiled once.
#[track_caller]
fn record(op: OpNode, sources: Vec<RawSource>, at: &'static Location<'static>) -> NodeHandle {
    let name = op.op_name;
    assert!(
        is_composing(),
        "`{name}(..)` composes, and there is no `#[job]` here to compose; to call the function itself, write `{name}::call(..)`",
    );
    with_composer(name, |composer| {
        let inputs = sources.into_iter().map(|RawSource(source)| source.resolve(composer, at));
        // Every input is looked at, although one mistake is enough.
        let inputs: Vec<_> = inputs.collect();
        let Some(inputs) = inputs.into_iter().collect() else {
            return NodeHandle::poisoned();
        };
        let kinds: Vec<_> = op.spec.outputs.iter().map(|output| output.kind).collect();
        let node = composer.add_where_it_belongs(Kind::Op(Box::new(op)), inputs, at);
        let scope = composer.graph().node(node).scope;
        for (output, kind) in kinds.into_iter().enumerate() {
            if kind != OutputKind::Dynamic {
                continue;
            }
            let port = PortRef { node, output };
            let copies = composer.add_scope(scope, Source::Emitted(port), 1, at);
            if let Kind::Op(op) = &mut composer.node_mut(node).kind {
                op.fan_outs[output] = Some(copies);
            }
        }
        NodeHandle::new(composer, node, scope)
    })
}

impl NodeId {
    pub(crate) const POISON: Self = Self(usize::MAX);
}
