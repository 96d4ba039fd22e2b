//! What several values become: filter, zip, fold, batch.

use std::num::NonZeroUsize;
use std::panic::Location;
use std::sync::Arc;

use super::super::composer::{Composer, with_composer};
use super::super::{Fold, Kind, NodeId, PortRef, RawInput, ScopeId, Source, Wire, Zip};
use super::dynamic::{DynamicHandle, RawDynamic, is_visible, within};
use super::gather::to_vec;
use super::output::OutputHandle;
use crate::error::BuildError;
use crate::graph::IntoInput;
use crate::value::{Erased, Value};

impl<T: Value> DynamicHandle<T> {
    /// Only the keys for which an op returns `true`.
    ///
    /// What is mapped over the others is skipped.
    #[track_caller]
    #[must_use]
    pub fn filter(self, keep: impl FnOnce(OutputHandle<T>) -> OutputHandle<bool>) -> Self {
        let at = Location::caller();
        self.map(|value| {
            let pass = keep(value);
            let (value, pass) = (value.port(), pass.port());
            with_composer("`.filter(..)`", |composer| {
                let visible = composer.is_visible(value.job, |graph| graph.scope_of(value.of), at)
                    && composer.is_visible(pass.job, |graph| graph.scope_of(pass.of), at);
                if !visible {
                    return OutputHandle::new(Composer::poison(value.of));
                }
                let inputs = vec![RawInput::Port(value.of), RawInput::Port(pass.of)];
                let gate = composer.add_where_it_belongs(Kind::Wire(Wire::Gate), inputs, at);
                OutputHandle::new(composer.handle(PortRef::first(gate)))
            })
        })
    }

    /// Pairs the values that have the same key.
    ///
    /// Any other key fails a step `zip` that names it.
    /// Pairs come in the order of the values on the left; [`OutputHandle::unzip`] takes one apart.
    #[track_caller]
    #[must_use]
    pub fn zip<U: Value>(self, other: DynamicHandle<U>) -> DynamicHandle<(T, U)> {
        let at = Location::caller();
        let (left, right) = (self.raw(), other.raw());
        let raw = with_composer("`.zip(..)`", |composer| {
            if !(is_visible(composer, left, at) && is_visible(composer, right, at)) {
                return Composer::poison(left.of);
            }
            let pair: fn(Erased, Erased) -> Erased =
                |left, right| Erased::new((left.take::<T>(), right.take::<U>()));
            let number = composer.next_zip();
            let (left, right) = (left.of, right.of);
            if (left.view, left.scope) == (right.view, right.scope) {
                let inputs = vec![RawInput::Port(left.value), RawInput::Port(right.value)];
                let pair = composer.add(left.scope, Kind::Wire(Wire::Pair(pair)), inputs, at);
                return composer.handle(RawDynamic { value: PortRef::first(pair), ..left });
            }
            let view = composer.graph().deepest([left.view, right.view]);
            let left = composer.stream(left, at);
            let right = composer.stream(right, at);
            let source = Source::Zip(Zip { left, right, pair, number, name: Arc::from("zip") });
            let scope = composer.add_scope(view, source, 1, at);
            let value = composer.element(scope);
            composer.handle(RawDynamic { view, scope, value })
        });
        DynamicHandle::new(raw)
    }

    /// Combines all values, one after the other in the order of emission, never holding all of them.
    ///
    /// `step` composes what makes the next accumulator of the last one and a value; it is called once, here.
    /// Without values the result is `init`.
    #[track_caller]
    pub fn fold<A: Value>(
        self,
        init: impl IntoInput<A>,
        step: impl FnOnce(OutputHandle<A>, OutputHandle<T>) -> OutputHandle<A>,
    ) -> OutputHandle<A> {
        let at = Location::caller();
        let init = init.into_input();
        let begun = with_composer("`.fold(..)`", |composer| {
            let visible = is_visible(composer, self.raw(), at);
            let init = init.resolve(composer, at);
            init.filter(|_| visible).map(|init| {
                let stream = composer.stream(self.raw().of, at);
                let current = composer.current();
                // The fold's node does not exist yet; the source is set once it does.
                let body = composer.add_scope(current, Source::Root, 2, at);
                let elements = &composer.graph().scope(body).elements;
                let [accumulator, item] = [elements[0], elements[1]].map(PortRef::first);
                (stream, init, body, [composer.handle(accumulator), composer.handle(item)])
            })
        });
        let Some((stream, init, body, [accumulator, item])) = begun else {
            return OutputHandle::new(Composer::poison(PortRef::first(NodeId::POISON)));
        };
        let result = within(Some(body), || {
            step(OutputHandle::new(accumulator), OutputHandle::new(item)).port()
        });
        with_composer("`.fold(..)`", |composer| {
            let outer = composer.enter(body);
            let visible = composer.is_visible(result.job, |graph| graph.scope_of(result.of), at);
            composer.enter(outer);
            if !visible {
                return OutputHandle::new(Composer::poison(result.of));
            }
            let result = composer.settle_in(body, result.of, at);
            let init_scope = match &init {
                RawInput::Port(port) => composer.graph().scope_of(*port),
                RawInput::Value(_) => ScopeId::ROOT,
            };
            let stream_scope = composer.graph().scope_of(stream.port);
            let at_least = composer.graph().deepest([init_scope, stream_scope]);
            let home = composer.outermost_home(body, at_least);
            let fold = Kind::Fold(Fold { depth: stream.depth, body, result });
            let node = composer.add(home, fold, vec![RawInput::Port(stream.port), init], at);
            composer.move_scope(body, home, Source::Fold(node));
            OutputHandle::new(composer.handle(PortRef::first(node)))
        })
    }

    /// The values, this many at a time, in the order of emission; the last batch may be smaller.
    ///
    /// Batches are keyed `0`, `1`, `2`, and so on. A batch starts as soon as it is full.
    #[track_caller]
    #[must_use]
    pub fn batch(self, size: usize) -> DynamicHandle<Vec<T>> {
        let at = Location::caller();
        let raw = with_composer("`.batch(..)`", |composer| {
            let Some(size) = NonZeroUsize::new(size) else {
                composer.mistake(BuildError::Zero { method: "batch", at });
                return Composer::poison(self.raw().of);
            };
            if !is_visible(composer, self.raw(), at) {
                return Composer::poison(self.raw().of);
            }
            let view = self.raw().of.view;
            let of = composer.stream(self.raw().of, at);
            let source = Source::Batch { of, size, gather: to_vec::<T> };
            let scope = composer.add_scope(view, source, 1, at);
            let value = composer.element(scope);
            composer.handle(RawDynamic { view, scope, value })
        });
        DynamicHandle::new(raw)
    }
}
