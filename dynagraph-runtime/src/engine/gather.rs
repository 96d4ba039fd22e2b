//! Fan-in: makes one value of what the keys of a fan-out gave, in the order of emission.

use super::Engine;
use super::attempt::guarded;
use super::instance::Instance;
use super::outcome::{Fate, Outcome};
use super::sink::SinkBuffer;
use crate::graph::{Gather, NodeId};

/// Waits for a fan-out's end, and settles a collect over it.
pub(super) async fn collect(instance: &Instance, id: NodeId, by: Gather) {
    let places = instance.fan_outs.iter().flat_map(|fan_out| {
        let gathers = fan_out.plan().gathers.iter().enumerate();
        gathers.map(move |(place, gather)| (fan_out, place, gather.node))
    });
    let Some((fan_out, place, _)) = places.into_iter().find(|(_, _, node)| *node == id) else {
        unreachable!("a collect is over a fan-out of its instance")
    };
    fan_out.ended().await;
    let outcome = match fan_out.sinks[place].collected() {
        Some((values, Fate::Ready)) => gathered(&instance.engine, values, by),
        Some((_, fate)) => fate.without_value(),
        None => unreachable!("a collect's sink collects"),
    };
    instance.set(instance.engine.plan.node(id), 0, outcome);
}

fn gathered(engine: &Engine, values: SinkBuffer, by: Gather) -> Outcome {
    let gathered = guarded(engine, || match (values, by) {
        (SinkBuffer::Values(values), Gather::Values(gather)) => {
            gather(in_order(values.into_iter().map(|(index, value)| (index, value.ready()))))
        }
        (SinkBuffer::Keyed(values), Gather::Keyed(gather)) => {
            let values = values.into_iter();
            gather(in_order(
                values.map(|(index, key, value)| (index, value.ready().map(|value| (key, value)))),
            ))
        }
        _ => unreachable!("a collect's buffer is of its kind"),
    });
    gathered.map_or(Outcome::Failed, Outcome::Ready)
}

/// Puts values in the order of their indexes, which have few gaps.
fn in_order<T>(values: impl ExactSizeIterator<Item = (u64, Option<T>)>) -> Vec<T> {
    let mut places: Vec<Option<T>> = Vec::with_capacity(values.len());
    for (index, value) in values {
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        if place >= places.len() {
            places.resize_with(place + 1, || None);
        }
        places[place] = value;
    }
    places.into_iter().flatten().collect()
}
