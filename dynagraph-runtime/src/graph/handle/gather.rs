//! Fan-out handles of any nesting: how they are gathered, streamed and seen from elsewhere.

use std::panic::Location;

use super::super::composer::{Composer, Ref, with_composer};
use super::super::{Gather, Kind, PortRef, RawInput, ScopeId, Source, StreamRef};
use super::dynamic::{DynamicHandle, RawDynamic};
use super::mapped::Mapped;
use super::output::OutputHandle;
use crate::key::MappingKey;
use crate::keyed::Keyed;
use crate::value::{Erased, Value};

/// A handle to any number of values: [`DynamicHandle`], or a [`Mapped`] one of these.
pub trait Fanned: Raw {}

impl<H: Raw> Fanned for H {}

/// Where a fan-out is seen from, and the scope of its copies.
#[derive(Debug, Clone, Copy)]
pub struct Home {
    pub(crate) view: ScopeId,
    pub(crate) scope: ScopeId,
}

/// What the composer does with a fan-out handle.
pub trait Raw: Copy {
    /// What `collect` gives.
    type Values: Value;
    /// What `collect_keyed` gives.
    type KeyedValues: Value;
    /// The value in the innermost copy.
    type Flat: Value;

    /// Where the handle is seen from, and the scope of its copies.
    fn home(self) -> Ref<Home>;

    /// Gathers the values in the scope that the handle is seen from.
    fn gather(self, composer: &mut Composer, by: By, at: &'static Location<'static>) -> PortRef;

    /// Streams the values to the scope that the handle is seen from; with the depths of the streams inside.
    fn stream(
        self,
        composer: &mut Composer,
        at: &'static Location<'static>,
    ) -> (StreamRef, Vec<usize>);

    /// The handle of a stream's values, once more, in copies seen from `view`.
    fn replayed(
        composer: &mut Composer,
        view: ScopeId,
        stream: StreamRef,
        inner: &[usize],
        at: &'static Location<'static>,
    ) -> Self;

    /// The same values, seen from a scope further out.
    #[must_use]
    fn seen_from(self, view: ScopeId) -> Self;

    /// All innermost values as one fan-out.
    fn flat(self) -> DynamicHandle<Self::Flat>;
}

/// Whether gathered values keep their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// They do not.
    Place,
    /// They do.
    Key,
}

#[track_caller]
pub(super) fn collect<H: Raw>(
    handle: H,
    at: &'static Location<'static>,
) -> OutputHandle<H::Values> {
    gathered(handle, By::Place, at)
}

#[track_caller]
pub(super) fn collect_keyed<H: Raw>(
    handle: H,
    at: &'static Location<'static>,
) -> OutputHandle<H::KeyedValues> {
    gathered(handle, By::Key, at)
}

#[track_caller]
fn gathered<H: Raw, V>(handle: H, by: By, at: &'static Location<'static>) -> OutputHandle<V> {
    with_composer("`.collect()`", |composer| {
        let home = handle.home();
        if !composer.is_visible(home.job, |_| home.of.view, at) {
            return OutputHandle::new(Composer::poison(PortRef::first(super::NodeId::POISON)));
        }
        let port = handle.gather(composer, by, at);
        OutputHandle::new(composer.handle(port))
    })
}

/// Gathers a value level by level: `first` over the innermost copies, `next` over what that gave.
pub(super) fn gather_levels(
    composer: &mut Composer,
    of: RawDynamic,
    (first, next): (Gather, Gather),
    at: &'static Location<'static>,
) -> PortRef {
    let mut over = of.scope;
    let mut value = of.value;
    let mut gather = first;
    while over != of.view {
        let Some(parent) = composer.graph().scope(over).parent else { break };
        let kind = Kind::Collect { over, gather };
        value = PortRef::first(composer.add(parent, kind, vec![RawInput::Port(value)], at));
        over = parent;
        gather = next;
    }
    value
}

/// How to gather values of type `T`.
pub(super) fn gathers<T: Value>(by: By) -> (Gather, Gather) {
    match by {
        By::Place => (Gather::Values(to_vec::<T>), Gather::Values(concat::<T>)),
        By::Key => (Gather::Keyed(to_keyed::<T>), Gather::Keyed(concat_keyed::<T>)),
    }
}

impl<T: Value> Raw for DynamicHandle<T> {
    type Values = Vec<T>;
    type KeyedValues = Keyed<T>;
    type Flat = T;

    fn home(self) -> Ref<Home> {
        let Ref { job, of } = self.raw();
        Ref { job, of: Home { view: of.view, scope: of.scope } }
    }

    fn gather(self, composer: &mut Composer, by: By, at: &'static Location<'static>) -> PortRef {
        gather_levels(composer, self.raw().of, gathers::<T>(by), at)
    }

    fn stream(
        self,
        composer: &mut Composer,
        at: &'static Location<'static>,
    ) -> (StreamRef, Vec<usize>) {
        (composer.stream(self.raw().of, at), Vec::new())
    }

    fn replayed(
        composer: &mut Composer,
        view: ScopeId,
        stream: StreamRef,
        _inner: &[usize],
        at: &'static Location<'static>,
    ) -> Self {
        let scope = composer.add_scope(view, Source::Replay(stream), 1, at);
        let value = composer.element(scope);
        Self::new(composer.handle(RawDynamic { view, scope, value }))
    }

    fn seen_from(self, view: ScopeId) -> Self {
        let Ref { job, of } = self.raw();
        Self::new(Ref { job, of: RawDynamic { view, ..of } })
    }

    fn flat(self) -> Self {
        self
    }
}

impl<H: Raw> Raw for Mapped<H> {
    type Values = Vec<H::Values>;
    type KeyedValues = Keyed<H::KeyedValues>;
    type Flat = H::Flat;

    fn home(self) -> Ref<Home> {
        self.home
    }

    fn gather(self, composer: &mut Composer, by: By, at: &'static Location<'static>) -> PortRef {
        let value = self.inner.gather(composer, by, at);
        let gathers = match by {
            By::Place => gathers::<H::Values>(by),
            By::Key => gathers::<H::KeyedValues>(by),
        };
        let Home { view, scope } = self.home.of;
        gather_levels(composer, RawDynamic { view, scope, value }, gathers, at)
    }

    fn stream(
        self,
        composer: &mut Composer,
        at: &'static Location<'static>,
    ) -> (StreamRef, Vec<usize>) {
        let (inner, deeper) = self.inner.stream(composer, at);
        let Home { view, scope } = self.home.of;
        let outer = composer.stream(RawDynamic { view, scope, value: inner.port }, at);
        (outer, [inner.depth].into_iter().chain(deeper).collect())
    }

    fn replayed(
        composer: &mut Composer,
        view: ScopeId,
        stream: StreamRef,
        inner: &[usize],
        at: &'static Location<'static>,
    ) -> Self {
        let scope = composer.add_scope(view, Source::Replay(stream), 1, at);
        let (depth, deeper) = inner.split_first().unwrap_or((&1, &[]));
        let stream = StreamRef { port: composer.element(scope), depth: *depth };
        let inner = H::replayed(composer, scope, stream, deeper, at);
        Self { home: composer.handle(Home { view, scope }), inner }
    }

    fn seen_from(self, view: ScopeId) -> Self {
        let Ref { job, of } = self.home;
        Self { home: Ref { job, of: Home { view, ..of } }, ..self }
    }

    fn flat(self) -> DynamicHandle<H::Flat> {
        self.inner.seen_from(self.home.of.view).flat()
    }
}

pub(super) fn to_vec<T: Value>(values: Vec<Erased>) -> Erased {
    Erased::new(values.into_iter().map(Erased::take::<T>).collect::<Vec<T>>())
}

fn concat<T: Value>(lists: Vec<Erased>) -> Erased {
    Erased::new(lists.into_iter().flat_map(Erased::take::<Vec<T>>).collect::<Vec<T>>())
}

fn to_keyed<T: Value>(values: Vec<(MappingKey, Erased)>) -> Erased {
    let entries = values.into_iter().map(|(key, value)| (key, value.take::<T>()));
    Erased::new(Keyed::new(entries.collect()))
}

fn concat_keyed<T: Value>(lists: Vec<(MappingKey, Erased)>) -> Erased {
    let entries = lists.into_iter().flat_map(|(outer, inner)| {
        let inner = inner.take::<Keyed<T>>().into_iter();
        inner.map(move |(key, value)| (MappingKey::join(&outer, &key), value))
    });
    Erased::new(Keyed::new(entries.collect()))
}
