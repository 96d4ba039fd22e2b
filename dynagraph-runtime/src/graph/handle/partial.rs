//! Gathers a fan-out some of whose keys may fail.

use std::panic::Location;

use super::super::composer::{Composer, with_composer};
use super::super::{Failures, Gather, Kind, PartialGather, PortRef, RawInput};
use super::dynamic::{DynamicHandle, RawDynamic, is_visible};
use super::gather::{By, collectors};
use super::output::OutputHandle;
use crate::collector::NewCollector;
use crate::error::BuildError;
use crate::keyed::Keyed;
use crate::partial::{FailedKey, Partial, Tolerance};
use crate::value::{Erased, Value};

#[track_caller]
pub(super) fn collect_partial<T: Value>(
    handle: DynamicHandle<T>,
    tolerance: Tolerance,
    at: &'static Location<'static>,
) -> OutputHandle<Partial<T>> {
    with_composer("`.collect_partial(..)`", |composer| {
        let of = handle.raw();
        let ratio = tolerance.bad_ratio();
        if let Some(ratio) = ratio {
            composer.mistake(BuildError::BadRatio { ratio, at });
        }
        if ratio.is_some() || !is_visible(composer, of, at) {
            return OutputHandle::new(Composer::poison(of.of.value));
        }
        let judge = PartialGather { tolerance, at, count: count::<T>, make: to_partial::<T> };
        let port = gather_levels(composer, of.of, collectors::<T>(By::Key), judge, at);
        OutputHandle::new(composer.handle(port))
    })
}

/// Gathers level by level what every key gave, and judges it where the handle is seen from.
fn gather_levels(
    composer: &mut Composer,
    of: RawDynamic,
    (first, next): (NewCollector, NewCollector),
    judge: PartialGather,
    at: &'static Location<'static>,
) -> PortRef {
    let mut over = of.scope;
    let mut value = of.value;
    while over != of.view {
        let Some(parent) = composer.graph().scope(over).parent else { break };
        let nested = over != of.scope;
        let judge = (parent == of.view).then_some(judge);
        let collector = if nested { next } else { first };
        let gather = Gather { collector, failures: Failures::Tolerated { nested, judge } };
        let kind = Kind::Collect { over, gather };
        value = PortRef::first(composer.add(parent, kind, vec![RawInput::Port(value)], at));
        over = parent;
    }
    value
}

fn count<T: Value>(values: &Erased) -> usize {
    values.peek::<Keyed<T>>().len()
}

fn to_partial<T: Value>(values: Erased, failed: Vec<FailedKey>) -> Erased {
    Erased::new(Partial { values: values.take::<Keyed<T>>(), failed })
}
