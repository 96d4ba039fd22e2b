//! What handles have in common: those that a closure is given, those that it returns, those that it is called on.

use dynagraph::{Composed, DynamicHandle, Mapped, OutputHandle, Value};

use super::super::shape::{Entry, Handle, Type, Var};
use super::{Composing, Live};

/// What type of handle a closure returns.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Int,
    List,
    Ints,
    Nested,
}

impl Kind {
    pub(super) fn of(handle: &Handle) -> Self {
        match handle {
            Handle::Value(Type::Int, _) => Self::Int,
            Handle::Value(Type::List, _) => Self::List,
            Handle::Fan(fan) if fan.values() == Some(Type::Int) => Self::Ints,
            Handle::Fan(fan) if fan.nesting() == 2 => Self::Nested,
            _ => unreachable!("no closure returns this"),
        }
    }
}

pub(super) fn int(live: &[Live], place: usize) -> OutputHandle<i64> {
    match live[place] {
        Live::Int(int) => int,
        _ => unreachable!("a closure returns an int"),
    }
}

pub(super) fn list(live: &[Live], place: usize) -> OutputHandle<Vec<i64>> {
    match live[place] {
        Live::List(list) => list,
        _ => unreachable!("a closure returns a list"),
    }
}

pub(super) fn ints(live: &[Live], place: usize) -> DynamicHandle<i64> {
    match live[place] {
        Live::Ints(ints) => ints,
        _ => unreachable!("a closure returns a fan-out"),
    }
}

pub(super) fn nested(live: &[Live], place: usize) -> Mapped<DynamicHandle<i64>> {
    match live[place] {
        Live::Nested(nested) => nested,
        _ => unreachable!("a closure returns a fan-out of fan-outs"),
    }
}

/// What a closure of a `map` is given.
pub(super) trait Item {
    fn bind(self, composing: &mut Composing<'_>, params: &[Var]);
}

impl Item for OutputHandle<i64> {
    fn bind(self, composing: &mut Composing<'_>, params: &[Var]) {
        composing.bind(params[0], Live::Int(self));
    }
}

impl Item for OutputHandle<Vec<i64>> {
    fn bind(self, composing: &mut Composing<'_>, params: &[Var]) {
        composing.bind(params[0], Live::List(self));
    }
}

impl Item for OutputHandle<(i64, i64)> {
    fn bind(self, composing: &mut Composing<'_>, params: &[Var]) {
        let (one, two) = self.unzip();
        composing.bind(params[0], Live::Int(one));
        composing.bind(params[1], Live::Int(two));
    }
}

impl Item for DynamicHandle<i64> {
    fn bind(self, composing: &mut Composing<'_>, params: &[Var]) {
        composing.bind(params[0], Live::Ints(self));
    }
}

impl Item for Mapped<DynamicHandle<i64>> {
    fn bind(self, composing: &mut Composing<'_>, params: &[Var]) {
        composing.bind(params[0], Live::Nested(self));
    }
}

/// What `DynamicHandle` and `Mapped` have in common.
pub(super) trait FanOut: Sized {
    type Item: Item;

    fn fan_out<R: Composed>(self, copy: impl FnOnce(Self::Item) -> R) -> R::Mapped;
    fn flat(self, copy: impl FnOnce(Self::Item) -> DynamicHandle<i64>) -> DynamicHandle<i64>;
    fn window(self, keys: usize) -> Self;
    fn max_concurrent(self, keys: usize) -> Self;
}

impl<T: Value> FanOut for DynamicHandle<T>
where
    OutputHandle<T>: Item,
{
    type Item = OutputHandle<T>;

    fn fan_out<R: Composed>(self, copy: impl FnOnce(Self::Item) -> R) -> R::Mapped {
        self.map(copy)
    }

    fn flat(self, copy: impl FnOnce(Self::Item) -> DynamicHandle<i64>) -> DynamicHandle<i64> {
        self.flat_map(copy)
    }

    fn window(self, keys: usize) -> Self {
        self.window(keys)
    }

    fn max_concurrent(self, keys: usize) -> Self {
        self.max_concurrent(keys)
    }
}

impl<H: dynagraph::Fanned + Item> FanOut for Mapped<H> {
    type Item = H;

    fn fan_out<R: Composed>(self, copy: impl FnOnce(H) -> R) -> R::Mapped {
        self.map(copy)
    }

    fn flat(self, copy: impl FnOnce(H) -> DynamicHandle<i64>) -> DynamicHandle<i64> {
        self.map(copy).flatten()
    }

    fn window(self, keys: usize) -> Self {
        self.window(keys)
    }

    fn max_concurrent(self, keys: usize) -> Self {
        self.max_concurrent(keys)
    }
}

pub(super) fn limited<F: FanOut>(fan: F, entry: &Entry) -> F {
    let fan = match entry.window {
        Some(keys) => fan.window(keys),
        None => fan,
    };
    match entry.max_concurrent {
        Some(keys) => fan.max_concurrent(keys),
        None => fan,
    }
}
