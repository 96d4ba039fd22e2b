//! What a closure given to `map` may return, and what `map` makes of it.

use std::panic::Location;

use super::composer::{Composer, Ref, with_composer};
use super::handle::{DynamicHandle, Fanned, Home, Mapped, OutputHandle, RawDynamic};
use super::{Graph, PortRef, ScopeId};
use crate::value::Value;

/// What a closure given to `map` may return: a handle, a tuple of up to eight of these, a dynamic handle, or nothing.
#[diagnostic::on_unimplemented(
    message = "a closure given to `map` cannot return `{Self}`",
    label = "returns no handle",
    note = "return the handle of an op, a tuple of handles, a dynamic handle, or nothing: to compute a value, make the computation an op"
)]
pub trait Composed {
    /// What `map` returns: the same, seen from outside the copies.
    type Mapped;

    /// Leaves the copies.
    fn mapped(self, place: &Place) -> Self::Mapped;
}

/// The scope that a closure composed in, and where that is seen from.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    home: Ref<Home>,
    /// None after a mistake.
    scope: Option<ScopeId>,
    at: &'static Location<'static>,
}

impl Place {
    pub(super) fn new(
        home: Ref<Home>,
        scope: Option<ScopeId>,
        at: &'static Location<'static>,
    ) -> Self {
        Self { home, scope, at }
    }
}

impl Composed for () {
    type Mapped = ();

    fn mapped(self, _place: &Place) -> Self::Mapped {}
}

impl<T: Value> Composed for OutputHandle<T> {
    type Mapped = DynamicHandle<T>;

    fn mapped(self, place: &Place) -> DynamicHandle<T> {
        DynamicHandle::new(leave(self.port(), place))
    }
}

/// The value in every copy, seen from outside them.
fn leave(Ref { job, of: port }: Ref<PortRef>, place: &Place) -> Ref<RawDynamic> {
    with_composer("`.map(..)`", |composer| {
        let visible = |graph: &Graph| graph.scope_of(port);
        let scope = place.scope.filter(|_| composer.is_visible(job, visible, place.at));
        let Some(scope) = scope else {
            let view = composer.current();
            return Composer::poison(RawDynamic { view, scope: view, value: port });
        };
        let value = composer.settle_in(scope, port, place.at);
        composer.handle(RawDynamic { view: place.home.of.view, scope, value })
    })
}

impl<T: Value> Composed for DynamicHandle<T> {
    type Mapped = Mapped<Self>;

    fn mapped(self, place: &Place) -> Mapped<Self> {
        nest(self, place)
    }
}

impl<H: Fanned> Composed for Mapped<H> {
    type Mapped = Mapped<Self>;

    fn mapped(self, place: &Place) -> Mapped<Self> {
        nest(self, place)
    }
}

/// The handle of the fan-out that every copy has, or replays.
fn nest<H: Fanned>(handle: H, place: &Place) -> Mapped<H> {
    let home = handle.home();
    with_composer("`.map(..)`", |composer| {
        let visible = |_: &Graph| home.of.view;
        let scope = place.scope.filter(|_| composer.is_visible(home.job, visible, place.at));
        let Some(scope) = scope else {
            return Mapped::new(Composer::poison(home.of), handle);
        };
        let inner = if home.of.view == scope {
            handle
        } else {
            let (stream, inner) = handle.stream(composer, place.at);
            H::replayed(composer, scope, stream, &inner, place.at)
        };
        Mapped::new(composer.handle(Home { view: place.home.of.view, scope }), inner)
    })
}

macro_rules! composed_tuple {
    ($($handle:ident)*) => {
        impl<$($handle: Composed),*> Composed for ($($handle,)*) {
            type Mapped = ($($handle::Mapped,)*);

            #[expect(non_snake_case, reason = "a type's letter names its value")]
            fn mapped(self, place: &Place) -> Self::Mapped {
                let ($($handle,)*) = self;
                ($($handle.mapped(place),)*)
            }
        }
    };
}

composed_tuple!(A);
composed_tuple!(A B);
composed_tuple!(A B C);
composed_tuple!(A B C D);
composed_tuple!(A B C D E);
composed_tuple!(A B C D E F);
composed_tuple!(A B C D E F G);
composed_tuple!(A B C D E F G H);
