//! Fan-in: makes one value of what the keys of a fan-out gave, in the order of emission.

use super::Engine;
use super::attempt::guarded;
use super::cause::Cause;
use super::fan_out::Ending;
use super::instance::Instance;
use super::outcome::Outcome;
use super::partial;
use super::sink::{Collected, SinkBuffer};
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
    let Some(collected) = fan_out.sinks[place].collected() else {
        unreachable!("a collect's sink collects")
    };
    let outcome = settled(&instance.engine, collected, by);
    instance.set(instance.engine.plan.node(id), 0, outcome);
}

fn settled(engine: &Engine, collected: Collected, by: Gather) -> Outcome {
    let Collected { values, any_failed, ending, .. } = collected;
    let tolerant = matches!(by, Gather::Parts { .. } | Gather::Partial(_));
    match ending {
        Ending::Failed(cause) => {
            Outcome::Failed(Cause::merged([cause].into_iter().chain(causes(values))))
        }
        _ if any_failed && !tolerant => Outcome::Failed(Cause::merged(causes(values))),
        Ending::Skipped => Outcome::Skipped,
        Ending::Done => gathered(engine, values, by),
    }
}

fn gathered(engine: &Engine, values: SinkBuffer, by: Gather) -> Outcome {
    let made = guarded(engine, || match (values, by) {
        (SinkBuffer::Values(values), Gather::Values(gather)) => Outcome::Ready(gather(in_order(
            values.into_iter().map(|(index, value)| (index, value.ready())),
        ))),
        (SinkBuffer::Keyed(values), Gather::Keyed(gather)) => {
            let values = values.into_iter();
            Outcome::Ready(gather(in_order(
                values.map(|(index, key, value)| (index, value.ready().map(|value| (key, value)))),
            )))
        }
        (SinkBuffer::Keyed(values), Gather::Parts { nested }) => partial::parts(values, nested),
        (SinkBuffer::Keyed(values), Gather::Partial(by)) => partial::judged(engine, values, by),
        _ => unreachable!("a collect's buffer is of its kind"),
    });
    made.unwrap_or(Outcome::FAULT)
}

/// Why values failed, in order.
fn causes(values: SinkBuffer) -> Vec<Cause> {
    let mut failed: Vec<_> = match values {
        SinkBuffer::Values(values) => {
            values.into_iter().map(|(index, value)| (index, value.cause())).collect()
        }
        SinkBuffer::Keyed(values) => {
            values.into_iter().map(|(index, _, value)| (index, value.cause())).collect()
        }
        SinkBuffer::Entries(_) => Vec::new(),
    };
    failed.retain(|(_, cause)| cause.first().is_some());
    failed.sort_by_key(|(index, _)| *index);
    failed.into_iter().map(|(_, cause)| cause).collect()
}

/// Puts values in the order of their indexes, which have few gaps.
pub(super) fn in_order<T>(values: impl ExactSizeIterator<Item = (u64, Option<T>)>) -> Vec<T> {
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
