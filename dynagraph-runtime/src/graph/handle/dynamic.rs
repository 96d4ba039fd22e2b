//! The handle of any number of values.

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::panic::Location;
use std::time::Duration;

use super::super::composed::{Composed, Place};
use super::super::composer::{Composer, Ref, with_composer};
use super::super::{Graph, KeyLimit, Kind, PortRef, ScopeId, Source};
use super::gather::{Home, collect, collect_keyed};
use super::output::{Awaited, OutputHandle, describe, order};
use super::partial::collect_partial;
use super::rules;
use crate::error::BuildError;
use crate::keyed::Keyed;
use crate::op::RetryPolicy;
use crate::partial::{Partial, Tolerance};
use crate::value::Value;

/// Refers, inside a job function, to any number of values, each with a mapping key.
///
/// It is `Copy`: map and collect it as often as you like; each use is independent.
/// What is mapped over it is duplicated for every key at run time.
pub struct DynamicHandle<T> {
    raw: Ref<RawDynamic>,
    /// A handle belongs to the thread that composes, and so is no [`Value`] itself.
    values: PhantomData<*const T>,
}

/// A value in every copy of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RawDynamic {
    /// The scope that the copies are seen from. It is around theirs, one or several levels up.
    pub(crate) view: ScopeId,
    /// The scope of the copies.
    pub(crate) scope: ScopeId,
    /// The value in each of them.
    pub(crate) value: PortRef,
}

impl<T> DynamicHandle<T> {
    pub(crate) fn new(raw: Ref<RawDynamic>) -> Self {
        Self { raw, values: PhantomData }
    }

    pub(super) fn raw(self) -> Ref<RawDynamic> {
        self.raw
    }

    /// Names the use of the op that gives these values; its steps are called so.
    #[track_caller]
    pub fn alias(self, name: impl Into<String>) -> Self {
        let at = Location::caller();
        describe(self.producer(), "alias", at, |_, op| op.alias = Some((name.into(), at)));
        self
    }

    /// Attaches a note to the use of the op that gives these values.
    #[track_caller]
    pub fn tag(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let at = Location::caller();
        describe(self.producer(), "tag", at, |_, op| op.tags.push((key.into(), value.into())));
        self
    }

    /// Runs the op that gives these values only after another value is there.
    #[track_caller]
    pub fn after(self, other: impl Awaited) -> Self {
        order(self.producer(), other.awaited(), Location::caller());
        self
    }

    /// Tries a step of the op that gives these values again when it fails.
    ///
    /// Replaces the op's own policy, as a whole; the op's `retry_if` stays. See [`OutputHandle::retry`].
    #[track_caller]
    pub fn retry(self, policy: RetryPolicy) -> Self {
        rules::retry(self.producer(), policy, Location::caller());
        self
    }

    /// An attempt of the op that gives these values fails when it takes longer. See [`OutputHandle::timeout`].
    #[track_caller]
    pub fn timeout(self, timeout: Duration) -> Self {
        let at = Location::caller();
        rules::limit_time(self.producer(), "timeout", timeout, at, |rules| &mut rules.timeout);
        self
    }

    /// An attempt of the op that gives these values fails when it gives no heartbeat for longer.
    /// See [`OutputHandle::idle_timeout`].
    #[track_caller]
    pub fn idle_timeout(self, timeout: Duration) -> Self {
        let at = Location::caller();
        rules::limit_time(self.producer(), "idle_timeout", timeout, at, |rules| {
            &mut rules.idle_timeout
        });
        self
    }

    /// Every step of the op that gives these values takes a slot of this pool. See [`OutputHandle::pool`].
    #[track_caller]
    pub fn pool(self, name: impl Into<String>) -> Self {
        rules::pool(self.producer(), "pool", name.into(), 1, Location::caller());
        self
    }

    /// As [`pool`](Self::pool), for steps that take several slots each.
    #[track_caller]
    pub fn weighted_pool(self, name: impl Into<String>, weight: u32) -> Self {
        rules::pool(self.producer(), "weighted_pool", name.into(), weight, Location::caller());
        self
    }

    /// At most this many keys are emitted and not finished.
    ///
    /// Whoever emits the next one waits. 1,024 unless said, or as many as may run at once if that is more.
    /// A fan-out whose copies wait for something that itself waits for the last key has no window.
    #[track_caller]
    pub fn window(self, keys: usize) -> Self {
        limit_keys(self.home(), "window", keys, |composer, home, keys| {
            composer.set_window(home.scope, keys);
        });
        self
    }

    /// At most this many keys run at once.
    ///
    /// 1,024 unless said here or for the run; where all ops of a copy block, as many as there are cores unless said here.
    #[track_caller]
    pub fn max_concurrent(self, keys: usize) -> Self {
        limit_keys(self.home(), "max_concurrent", keys, |composer, home, limit| {
            composer.set_max_concurrent(home.scope, KeyLimit { limit, owner: home.view });
        });
        self
    }

    fn home(self) -> Ref<Home> {
        let Ref { job, of } = self.raw;
        Ref { job, of: Home { view: of.view, scope: of.scope } }
    }

    /// The op whose step, in each copy or for all of them, gives the values.
    #[track_caller]
    fn producer(self) -> Ref<PortRef> {
        let value = self.raw.of.value;
        let port = with_composer("a handle", |composer| {
            let graph = composer.graph();
            match graph.nodes.get(value.node.0).map(|node| (&node.kind, node.scope)) {
                Some((Kind::Element, scope)) => match &graph.scope(scope).source {
                    Source::Emitted(port) => *port,
                    _ => value,
                },
                _ => value,
            }
        });
        Ref { job: self.raw.job, of: port }
    }
}

impl<T: Value> DynamicHandle<T> {
    /// Duplicates for every key what a closure composes.
    ///
    /// The closure is called once, here. It may return a handle, a tuple of handles, a dynamic handle, or nothing;
    /// `map` returns the same, mapped.
    #[track_caller]
    pub fn map<R: Composed>(self, copy: impl FnOnce(OutputHandle<T>) -> R) -> R::Mapped {
        let at = Location::caller();
        let (home, scope, element) = enter(self.raw, at);
        within(scope, || copy(OutputHandle::new(element)).mapped(&Place::new(home, scope, at)))
    }

    /// Duplicates for every key what a closure composes, and makes one fan-out of the fan-outs it returns.
    ///
    /// The keys become paths, `outer/inner`.
    #[track_caller]
    pub fn flat_map<U: Value>(
        self,
        copy: impl FnOnce(OutputHandle<T>) -> DynamicHandle<U>,
    ) -> DynamicHandle<U> {
        self.map(copy).flatten()
    }

    /// All values, in the order of emission.
    #[track_caller]
    pub fn collect(self) -> OutputHandle<Vec<T>> {
        collect(self, Location::caller())
    }

    /// All values with their keys, in the order of emission.
    #[track_caller]
    pub fn collect_keyed(self) -> OutputHandle<Keyed<T>> {
        collect_keyed(self, Location::caller())
    }

    /// The values of the keys that succeeded, and the keys that failed, if no more failed than is tolerated.
    ///
    /// If more did, or what gives the keys failed itself, what needs the result is `UpstreamFailed`.
    /// Keys that were skipped are left out.
    /// For a flattened handle, all innermost keys count alike, and their keys are paths.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::Tolerance;
    ///
    /// # use dynagraph_runtime::{DynamicHandle, OutputHandle, Partial};
    /// # type One<T> = OutputHandle<T>;
    /// # fn compose(urls: fn() -> DynamicHandle<String>, fetch: fn(One<String>) -> One<u64>) -> One<Partial<u64>> {
    /// // The run goes on while at most one page of twenty fails.
    /// let pages = urls().map(fetch).collect_partial(Tolerance::ratio(0.05));
    /// # pages
    /// # }
    /// ```
    ///
    /// # Which failures a run survives
    ///
    /// A run succeeds although steps failed if each of them, and each step that was not run because of them, is
    /// *tolerated*. That is:
    ///
    /// - a failed step, if a key that was accepted here failed because of it;
    /// - any step in the copy of a key that was accepted here, and in the copies nested in it; maps over one dynamic
    ///   output that stand in one place share their copies;
    /// - the same for copies that the failure came through on its way here, such as those behind a batch;
    /// - a step that was not run, if its value was on the way from such a failure to copies whose keys were accepted.
    ///
    /// If anything else is left, the run fails: so it does if the same copies are also collected by
    /// [`collect`](Self::collect), and something needs that.
    /// In a run with `fail_fast(true)` nothing is tolerated: the first failure ends it.
    #[track_caller]
    pub fn collect_partial(self, tolerance: Tolerance) -> OutputHandle<Partial<T>> {
        collect_partial(self, tolerance, Location::caller())
    }
}

/// Finds the scope that a `map` written here composes in: none after a mistake.
#[track_caller]
fn enter(
    of: Ref<RawDynamic>,
    at: &'static Location<'static>,
) -> (Ref<Home>, Option<ScopeId>, Ref<PortRef>) {
    with_composer("`.map(..)`", |composer| {
        let view = composer.current();
        if !is_visible(composer, of, at) {
            let home = Home { view, scope: view };
            return (Composer::poison(home), None, Composer::poison(of.of.value));
        }
        let (scope, element) = if of.of.view == view {
            (of.of.scope, of.of.value)
        } else {
            let scope = composer.replay(of.of, at);
            (scope, composer.element(scope))
        };
        (composer.handle(Home { view, scope }), Some(scope), composer.handle(element))
    })
}

/// Calls a closure with another scope as the current one.
#[track_caller]
pub(super) fn within<R>(scope: Option<ScopeId>, call: impl FnOnce() -> R) -> R {
    let Some(scope) = scope else { return call() };
    let outer = move_into(scope);
    let result = call();
    move_into(outer);
    result
}

/// Makes a scope the current one, and says which one was.
#[track_caller]
fn move_into(scope: ScopeId) -> ScopeId {
    with_composer("a closure", |composer| composer.enter(scope))
}

pub(super) fn is_visible(
    composer: &mut Composer,
    of: Ref<RawDynamic>,
    at: &'static Location<'static>,
) -> bool {
    composer.is_visible(of.job, |_: &Graph| of.of.view, at)
}

#[track_caller]
pub(super) fn limit_keys(
    home: Ref<Home>,
    method: &'static str,
    limit: usize,
    set: impl FnOnce(&mut Composer, Home, NonZeroUsize),
) {
    let at = Location::caller();
    with_composer("a limit", |composer| {
        if !composer.is_visible(home.job, |_| home.of.view, at) {
            return;
        }
        match NonZeroUsize::new(limit) {
            Some(limit) => set(composer, home.of, limit),
            None => composer.mistake(BuildError::Zero { method, at }),
        }
    });
}

impl<T> Clone for DynamicHandle<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for DynamicHandle<T> {}

impl<T> fmt::Debug for DynamicHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DynamicHandle").field(&self.raw.of.scope.0).finish()
    }
}
