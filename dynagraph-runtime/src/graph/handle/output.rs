//! The handle of one value.

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::panic::Location;
use std::time::Duration;

use super::super::composer::{Composer, Ref, with_composer};
use super::super::{Graph, Kind, OpNode, PortRef, RawInput, Wire};
use super::rules;
use crate::error::BuildError;
use crate::op::RetryPolicy;
use crate::value::{Erased, Value};

/// Refers, inside a job function, to a value that an op will give.
///
/// It is `Copy`: use it as often as you like.
/// Methods that describe the op behind it return the handle again.
pub struct OutputHandle<T> {
    port: Ref<PortRef>,
    /// A handle belongs to the thread that composes, and so is no [`Value`] itself.
    value: PhantomData<*const T>,
}

impl<T> OutputHandle<T> {
    pub(crate) fn new(port: Ref<PortRef>) -> Self {
        Self { port, value: PhantomData }
    }

    pub(crate) fn port(self) -> Ref<PortRef> {
        self.port
    }

    /// Names this use of the op; its steps are called so.
    #[track_caller]
    pub fn alias(self, name: impl Into<String>) -> Self {
        let at = Location::caller();
        describe(self.port, "alias", at, |_, op| op.alias = Some((name.into(), at)));
        self
    }

    /// Attaches a note to this use of the op, for people who look at the graph.
    #[track_caller]
    pub fn tag(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let at = Location::caller();
        describe(self.port, "tag", at, |_, op| op.tags.push((key.into(), value.into())));
        self
    }

    /// At most this many steps of this use of the op run at once.
    ///
    /// Overrides the op's own `max_concurrent`.
    #[track_caller]
    pub fn max_concurrent(self, limit: usize) -> Self {
        let at = Location::caller();
        describe(self.port, "max_concurrent", at, |mistake, op| match NonZeroUsize::new(limit) {
            Some(limit) => op.spec.rules.max_concurrent = Some(limit),
            None => *mistake = Some(BuildError::Zero { method: "max_concurrent", at }),
        });
        self
    }

    /// Tries a step of this use of the op again when it fails.
    ///
    /// Replaces the op's own policy, as a whole; the op's `retry_if` stays.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::time::ms;
    /// use dynagraph_runtime::{Backoff, RetryPolicy};
    ///
    /// # fn compose(fetch: fn(&str) -> dynagraph_runtime::OutputHandle<String>) {
    /// let policy = RetryPolicy::new(5).delay(ms(200)).backoff(Backoff::Exponential);
    /// let page = fetch("example.org").retry(policy);
    /// # let _ = page;
    /// # }
    /// ```
    #[track_caller]
    pub fn retry(self, policy: RetryPolicy) -> Self {
        rules::retry(self.port, policy, Location::caller());
        self
    }

    /// An attempt of this use of the op that takes longer fails, and is retried if there is a policy for it.
    ///
    /// Overrides the op's own `timeout`.
    /// An async op is dropped then.
    /// A blocking one cannot be aborted: it runs on and keeps its slots until it returns, and what it gives is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::time::secs;
    ///
    /// # fn compose(fetch: fn(&str) -> dynagraph_runtime::OutputHandle<String>) {
    /// let page = fetch("example.org").timeout(secs(30));
    /// # let _ = page;
    /// # }
    /// ```
    #[track_caller]
    pub fn timeout(self, timeout: Duration) -> Self {
        let at = Location::caller();
        rules::limit_time(self.port, "timeout", timeout, at, |rules| &mut rules.timeout);
        self
    }

    /// An attempt of this use of the op that gives no [`heartbeat`](crate::OpContext::heartbeat) for longer fails.
    ///
    /// Overrides the op's own `idle_timeout`; otherwise as [`timeout`](Self::timeout).
    #[track_caller]
    pub fn idle_timeout(self, timeout: Duration) -> Self {
        let at = Location::caller();
        rules::limit_time(self.port, "idle_timeout", timeout, at, |rules| &mut rules.idle_timeout);
        self
    }

    /// Every step of this use of the op takes a slot of this pool, and a turn of the rate of this name.
    ///
    /// Replaces the op's own pool. The run gives both their size: `run().pool("api", 10)`, `run().rate("api", ..)`.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn compose(fetch: fn(&str) -> dynagraph_runtime::OutputHandle<String>) {
    /// let page = fetch("example.org").pool("api");
    /// # let _ = page;
    /// # }
    /// ```
    #[track_caller]
    pub fn pool(self, name: impl Into<String>) -> Self {
        rules::pool(self.port, "pool", name.into(), 1, Location::caller());
        self
    }

    /// As [`pool`](Self::pool), for steps that take several slots each.
    #[track_caller]
    pub fn weighted_pool(self, name: impl Into<String>, weight: u32) -> Self {
        rules::pool(self.port, "weighted_pool", name.into(), weight, Location::caller());
        self
    }

    /// Runs the op only after another value is there, without taking it.
    ///
    /// Call it right after the op.
    /// If what it waits for fails or is skipped, so is this op.
    #[track_caller]
    pub fn after(self, other: impl Awaited) -> Self {
        let at = Location::caller();
        order(self.port, other.awaited(), at);
        self
    }
}

/// What `.after(..)` may wait for: the handle of one value.
#[diagnostic::on_unimplemented(
    message = "`.after(..)` cannot wait for `{Self}`",
    label = "not the handle of one value",
    note = "to wait for all copies of a dynamic handle, pass its `.collect()`"
)]
pub trait Awaited {
    /// The output that is waited for.
    fn awaited(self) -> Ref<PortRef>;
}

impl<T> Awaited for OutputHandle<T> {
    fn awaited(self) -> Ref<PortRef> {
        self.port
    }
}

/// Holds for no type: its message is what `.map(..)` on the handle of one value says.
#[diagnostic::on_unimplemented(
    message = "`.map(..)` needs a dynamic handle, and this is the handle of one value",
    label = "one value, not any number of them",
    note = "pass the handle to an op; to fan out, let the op return a `Vec<DynamicOutput<T>>` or take a `DynamicOut<T>`"
)]
pub trait AnyNumber {}

impl<T> OutputHandle<T> {
    #[doc(hidden)]
    pub fn map<F>(self, _copy: F)
    where
        Self: AnyNumber,
    {
    }
}

impl<A: Value, B: Value> OutputHandle<(A, B)> {
    /// The handles of a pair's parts: `left.zip(right).map(|pair| { let (a, b) = pair.unzip(); add(a, b) })`.
    #[track_caller]
    pub fn unzip(self) -> (OutputHandle<A>, OutputHandle<B>) {
        let at = Location::caller();
        (
            part(self.port, |pair| Erased::new(pair.take::<(A, B)>().0), at),
            part(self.port, |pair| Erased::new(pair.take::<(A, B)>().1), at),
        )
    }
}

#[track_caller]
fn part<T>(
    pair: Ref<PortRef>,
    take: fn(Erased) -> Erased,
    at: &'static Location<'static>,
) -> OutputHandle<T> {
    with_composer("`unzip`", |composer| {
        if !composer.is_visible(pair.job, |graph| graph.scope_of(pair.of), at) {
            return OutputHandle::new(Composer::poison(pair.of));
        }
        let kind = Kind::Wire(Wire::Part(take));
        let node = composer.add_where_it_belongs(kind, vec![RawInput::Port(pair.of)], at);
        OutputHandle::new(composer.handle(PortRef::first(node)))
    })
}

/// Changes the description of the op behind a port.
#[track_caller]
pub(super) fn describe(
    port: Ref<PortRef>,
    method: &'static str,
    at: &'static Location<'static>,
    change: impl FnOnce(&mut Option<BuildError>, &mut OpNode),
) {
    let what = format!("`.{method}(..)`");
    with_composer(&what, |composer| {
        // A mapped handle is described from outside its scope.
        let anywhere = |_: &Graph| super::ScopeId::ROOT;
        if !composer.is_visible(port.job, anywhere, at) {
            return;
        }
        let mut mistake = None;
        match &mut composer.node_mut(port.of.node).kind {
            Kind::Op(op) => change(&mut mistake, op),
            _ => mistake = Some(BuildError::NotAnOp { method, at }),
        }
        if let Some(mistake) = mistake {
            composer.mistake(mistake);
        }
    });
}

/// Orders the op behind a port after another one.
#[track_caller]
pub(super) fn order(port: Ref<PortRef>, after: Ref<PortRef>, at: &'static Location<'static>) {
    with_composer("`.after(..)`", |composer| {
        let visible = composer.is_visible(port.job, |_| super::ScopeId::ROOT, at)
            && composer.is_visible(after.job, |graph| graph.scope_of(after.of), at);
        if !visible {
            return;
        }
        match composer.graph().node(port.of.node).op() {
            Some(_) => composer.order(port.of.node, after.of, at),
            None => composer.mistake(BuildError::NotAnOp { method: "after", at }),
        }
    });
}

impl<T> Clone for OutputHandle<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for OutputHandle<T> {}

impl<T> fmt::Debug for OutputHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OutputHandle").field(&self.port.of.node.0).finish()
    }
}
