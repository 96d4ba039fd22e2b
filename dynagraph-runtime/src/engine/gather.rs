//! Fan-in: makes one value of what the keys of a fan-out gave, in the order of emission.

use super::Engine;
use super::again::Order;
use super::attempt::guarded;
use super::cause::Cause;
use super::collected::{Collected, Rest};
use super::fan_out::Ending;
use super::instance::Instance;
use super::outcome::Outcome;
use super::partial;
use super::sink::Sink;
use crate::graph::{Failures, NodeId};
use crate::plan::CollectPlan;
use crate::value::Erased;

/// Waits for a fan-out's end, and settles a collect over it.
pub(super) async fn collect(instance: &Instance, id: NodeId, of: CollectPlan) {
    let fan_out = &instance.fan_outs[of.child];
    let Sink::Collect(collected) = &fan_out.sinks[of.sink] else {
        unreachable!("a collect's sink collects")
    };
    fan_out.ended().await;
    let outcome = settled(&instance.engine, collected);
    collected.values.clear();
    instance.set(instance.engine.plan.node(id), 0, outcome);
}

fn settled(engine: &Engine, collected: &Collected) -> Outcome {
    let Rest { missing, order, ending } = collected.take_rest();
    let moved = order.as_deref().map(Order::places);
    let unexplained = missing.unexplained.count(moved);
    let mut causes = missing.causes.into_vec(moved);
    let failed: Vec<_> = missing.failed.into_vec(moved).into_iter().flatten().collect();
    match ending {
        Ending::Failed(cause) => {
            if let Failures::Tolerated { nested: false, .. } = collected.failures {
                causes.extend(failed.into_iter().map(|(_, cause)| cause));
            }
            Outcome::Failed(Cause::merged([cause].into_iter().chain(causes)))
        }
        _ if unexplained > 0 || !causes.is_empty() => Outcome::Failed(Cause::merged(causes)),
        Ending::Skipped => Outcome::Skipped,
        Ending::Done => {
            let made = guarded(engine, || {
                let values = collected.values.finish(moved);
                match collected.failures {
                    Failures::Fatal => Outcome::Ready(values),
                    Failures::Tolerated { judge: None, .. } => {
                        Outcome::Ready(Erased::new(partial::Parts { values, failed }))
                    }
                    Failures::Tolerated { judge: Some(by), .. } => {
                        partial::judged(engine, values, failed, by)
                    }
                }
            });
            made.unwrap_or(Outcome::FAULT)
        }
    }
}
