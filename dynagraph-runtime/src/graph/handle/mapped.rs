//! The handle of fan-outs inside a fan-out.

use std::fmt;
use std::panic::Location;

use super::super::KeyLimit;
use super::super::composed::{Composed, Place};
use super::super::composer::{Ref, with_composer};
use super::dynamic::{limit_keys, within};
use super::gather::{Fanned, Home, Raw, collect, collect_keyed};
use super::output::OutputHandle;
use super::partial::collect_partial;
use crate::keyed::Keyed;
use crate::partial::{Partial, Tolerance};

/// Refers to what a closure given to `map` returned, where that was a dynamic handle: one fan-out in every copy.
///
/// `nested.map(|inner| inner.map(f))` goes on inside; `nested.collect()` gives a list of lists;
/// `nested.flatten()` makes one fan-out of all, whose keys are paths `outer/inner`.
#[derive(Clone, Copy)]
pub struct Mapped<H> {
    pub(super) home: Ref<Home>,
    /// The handle, as seen from inside a copy.
    pub(super) inner: H,
}

impl<H: Fanned> Mapped<H> {
    pub(crate) fn new(home: Ref<Home>, inner: H) -> Self {
        Self { home, inner }
    }

    /// Goes on composing inside the outer copies.
    #[track_caller]
    pub fn map<R: Composed>(self, copy: impl FnOnce(H) -> R) -> R::Mapped {
        let at = Location::caller();
        let (home, inner, scope) = with_composer("`.map(..)`", |composer| {
            let home = self.home;
            let view = composer.current();
            if !composer.is_visible(home.job, |_| home.of.view, at) {
                return (home, self.inner, None);
            }
            if home.of.view == view {
                return (home, self.inner, Some(home.of.scope));
            }
            let (stream, inner) = self.stream(composer, at);
            let replayed = Self::replayed(composer, view, stream, &inner, at);
            (replayed.home, replayed.inner, Some(replayed.home.of.scope))
        });
        within(scope, || copy(inner).mapped(&Place::new(home, scope, at)))
    }

    /// One fan-out of all inner ones, outer order first. The keys become paths, `outer/inner`.
    pub fn flatten(self) -> H {
        self.inner.seen_from(self.home.of.view)
    }

    /// The inner values of each copy, in the order of emission.
    #[track_caller]
    pub fn collect(self) -> OutputHandle<Vec<H::Values>> {
        collect(self, Location::caller())
    }

    /// The inner values of each copy with their keys, in the order of emission.
    #[track_caller]
    pub fn collect_keyed(self) -> OutputHandle<Keyed<H::KeyedValues>> {
        collect_keyed(self, Location::caller())
    }

    /// The innermost values that are there, and the innermost keys that failed, if no more failed than is tolerated.
    ///
    /// One flat result, as of [`flatten`](Self::flatten): its keys are paths, `outer/inner`, and all of them count alike.
    /// If what gives the keys of one copy failed, its keys are not known, and what needs the result is `UpstreamFailed`.
    /// To judge each copy on its own, write `nested.map(|inner| inner.collect_partial(..))`.
    /// See [`DynamicHandle::collect_partial`](crate::DynamicHandle::collect_partial).
    #[track_caller]
    pub fn collect_partial(self, tolerance: Tolerance) -> OutputHandle<Partial<H::Flat>> {
        collect_partial(self.flat(), tolerance, Location::caller())
    }

    /// At most this many outer keys are emitted and not finished.
    #[track_caller]
    pub fn window(self, keys: usize) -> Self {
        limit_keys(self.home, "window", keys, |composer, home, keys| {
            composer.set_window(home.scope, keys);
        });
        self
    }

    /// At most this many outer keys run at once.
    #[track_caller]
    pub fn max_concurrent(self, keys: usize) -> Self {
        limit_keys(self.home, "max_concurrent", keys, |composer, home, limit| {
            composer.set_max_concurrent(home.scope, KeyLimit { limit, owner: home.view });
        });
        self
    }
}

impl<H: fmt::Debug> fmt::Debug for Mapped<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mapped").field(&self.inner).finish()
    }
}
