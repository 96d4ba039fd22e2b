//! What a run gives to its ops, and what it says when something is missing.

use dynagraph::prelude::*;
use dynagraph::{RunError, RunStatus};
use futures::{Stream, stream};

use crate::support::{Log, count, echo, sum};

/// Neither `Clone` nor `Default`.
#[derive(Debug)]
struct Client {
    base: u64,
}

#[derive(Debug)]
struct Limit<T>(T);

#[op]
async fn ask(client: Resource<Client>, x: u64) -> u64 {
    client.base + x
}

#[op]
fn ask_blocking(x: u64, client: Resource<Client>) -> u64 {
    client.base + x
}

#[op(inline)]
fn ask_inline(client: Resource<Client>, x: u64, limit: Resource<Limit<u64>>) -> u64 {
    (client.base + x).min(limit.0)
}

#[op]
fn ask_by_reference(client: &Resource<Client>) -> u64 {
    client.base
}

#[op]
fn ask_lazily(client: Resource<Client>) -> impl Stream<Item = DynamicOutput<u64>> {
    stream::iter((0..2).map(move |i| DynamicOutput::new(client.base, i)))
}

#[op]
async fn ask_and_emit(client: Resource<Client>, out: DynamicOut<u64>) -> Result<(), OpError> {
    out.emit(client.base, "only").await?;
    Ok(())
}

#[op]
fn add_base(client: Resource<Client>, all: u64, x: u64) -> u64 {
    all + x + client.base
}

#[op]
fn totals(parts: &[u64], more: u64, rest: &[u64]) -> Vec<u64> {
    parts.iter().chain(rest).copied().chain([more]).collect()
}

#[job]
fn asking() -> OutputHandle<Vec<u64>> {
    let of_copies = count(2).map(|x| ask_inline(ask_blocking(ask(x))));
    let emitted = ask_lazily().flat_map(|_| ask_and_emit());
    let folded = emitted.fold(ask_by_reference(), |all, x| add_base(all, x));
    totals(of_copies.collect(), folded, ask_lazily().collect())
}

#[tokio::test]
async fn every_kind_of_op_is_given_its_resources() {
    let run = asking().run().resource(Client { base: 10 }).resource(Limit(30_u64));
    assert_eq!(run.await.unwrap(), [30, 30, 10, 10, 50]);
}

#[tokio::test]
async fn the_last_resource_of_a_type_counts() {
    let run = asking().run().resource(Client { base: 99 }).resource(Limit(7_u64));
    let run = run.resource(Client { base: 1 }).resource(Limit(5_u32));
    assert_eq!(run.await.unwrap(), [3, 4, 1, 1, 5]);
}

#[op]
async fn log_first(log: Resource<Log>) -> u64 {
    log.say("a step has run");
    1
}

#[job]
fn needing_much() -> OutputHandle<u64> {
    let first = log_first();
    count(first).map(|x| ask_inline(x));
    let _ = ask(2).alias("other");
    sum(ask_lazily().map(echo).collect())
}

#[tokio::test]
async fn a_missing_resource_is_reported_before_any_step_with_its_type_and_ops() {
    let log = Log::default();
    let report = needing_much().run().resource(log.clone()).report().await;
    assert_eq!((report.status(), report.steps().len(), log.len()), (RunStatus::Failure, 0, 0));
    let Some(error @ RunError::MissingResources(missing)) = report.error() else {
        panic!("{report:?}")
    };
    let named: Vec<_> = missing.iter().map(|missing| (missing.resource(), missing.ops())).collect();
    let [(first, first_ops), (second, second_ops)] = named[..] else { panic!("{named:?}") };
    assert!(first.ends_with("resources::Client"), "{first}");
    assert_eq!(first_ops, ["ask_inline", "ask", "ask_lazily"]);
    assert!(second.contains("resources::Limit<u64>"), "{second}");
    assert_eq!(second_ops, ["ask_inline"]);
    let printed = error.to_string();
    for part in ["ask_inline", "ask_lazily", "Resource<", "Client", "Limit<u64>", ".resource(..)"] {
        assert!(printed.contains(part), "{printed}");
    }
    let given = needing_much().run().resource(log).resource(Client { base: 0 });
    assert!(matches!(given.resource(Limit(1_u64)).await, Ok(0)));
}

#[tokio::test]
async fn resources_of_one_run_are_not_anothers() {
    let job = asking();
    assert!(job.run().resource(Client { base: 1 }).resource(Limit(1_u64)).await.is_ok());
    assert!(matches!(job.run().await, Err(RunError::MissingResources(_))));
}
