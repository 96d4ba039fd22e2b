//! Fan-out handles of any nesting: how they are gathered, streamed and seen from elsewhere.

use std::panic::Location;
use std::sync::Arc;

use super::super::composer::{Composer, Ref, with_composer};
use super::super::{Failures, Gather, Kind, PortRef, RawInput, ScopeId, Source, StreamRef};
use super::dynamic::{DynamicHandle, RawDynamic};
use super::mapped::Mapped;
use super::output::OutputHandle;
use crate::collector::{Collecting, Collector, NewCollector};
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
    (first, next): (NewCollector, NewCollector),
    at: &'static Location<'static>,
) -> PortRef {
    let mut over = of.scope;
    let mut value = of.value;
    let mut collector = first;
    while over != of.view {
        let Some(parent) = composer.graph().scope(over).parent else { break };
        let gather = Gather { collector, failures: Failures::Fatal };
        let kind = Kind::Collect { over, gather };
        value = PortRef::first(composer.add(parent, kind, vec![RawInput::Port(value)], at));
        over = parent;
        collector = next;
    }
    value
}

/// How to collect values of type `T`, and what was collected so.
pub(super) fn collectors<T: Value>(by: By) -> (NewCollector, NewCollector) {
    match by {
        By::Place => (values::<T>, lists::<T>),
        By::Key => (keyed_values::<T>, keyed_lists::<T>),
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
        gather_levels(composer, self.raw().of, collectors::<T>(by), at)
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
        let collectors = match by {
            By::Place => collectors::<H::Values>(by),
            By::Key => collectors::<H::KeyedValues>(by),
        };
        let Home { view, scope } = self.home.of;
        gather_levels(composer, RawDynamic { view, scope, value }, collectors, at)
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

fn values<T: Value>() -> Arc<dyn Collector> {
    Collecting::shared(|_: &MappingKey, value: T| value, Erased::new)
}

fn lists<T: Value>() -> Arc<dyn Collector> {
    Collecting::shared(
        |_: &MappingKey, list: Vec<T>| list,
        |lists| {
            let mut all = Vec::with_capacity(lists.iter().map(Vec::len).sum());
            for list in lists {
                all.extend(list);
            }
            Erased::new(all)
        },
    )
}

fn keyed_values<T: Value>() -> Arc<dyn Collector> {
    Collecting::shared(
        |key: &MappingKey, value: T| (key.clone(), value),
        |entries| Erased::new(Keyed::new(entries)),
    )
}

fn keyed_lists<T: Value>() -> Arc<dyn Collector> {
    Collecting::shared(
        |key: &MappingKey, list: Keyed<T>| (key.clone(), list),
        |lists| {
            let mut all = Vec::with_capacity(lists.iter().map(|(_, list)| list.len()).sum());
            for (outer, list) in lists {
                let entries = list.into_iter();
                all.extend(entries.map(|(key, value)| (MappingKey::join(&outer, &key), value)));
            }
            Erased::new(Keyed::new(all))
        },
    )
}
