//! What ops share: a client, a pool, a setting.
//!
//! `cargo run --example resources`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::HashMap;
use std::sync::Mutex;

use dynagraph::RunError;
use dynagraph::prelude::*;

/// A resource is a value of a type of its own.
struct Prices(HashMap<&'static str, u32>);

/// A resource that changes brings its own lock.
#[derive(Default)]
struct Journal(Mutex<Vec<String>>);

#[op]
fn basket() -> Vec<DynamicOutput<(String, u32)>> {
    let basket = [("tea", 2), ("cake", 1)];
    basket.map(|(item, amount)| DynamicOutput::new((item.to_owned(), amount), item)).into()
}

/// Resources and the context are given by the run; only `line` is an input.
#[op]
fn price(
    prices: Resource<Prices>,
    journal: Resource<Journal>,
    context: OpContext,
    line: (String, u32),
) -> Result<u32, String> {
    let (item, amount) = line;
    let price = prices.0.get(&*item).ok_or_else(|| format!("{item} has no price"))?;
    let mut journal = journal.0.lock().map_err(|_| "another step panicked")?;
    journal.push(format!("{}: {amount} at {price}", context.step_key()));
    Ok(price * amount)
}

#[op]
fn total(prices: Vec<u32>) -> u32 {
    prices.into_iter().sum()
}

#[op]
fn last_entries(journal: Resource<Journal>) -> Result<Vec<String>, String> {
    let mut entries = journal.0.lock().map_err(|_| "another step panicked")?.clone();
    entries.sort();
    Ok(entries)
}

#[job]
fn checkout() -> (OutputHandle<u32>, OutputHandle<Vec<String>>) {
    let total = total(basket().map(price).collect());
    (total, last_entries().after(total))
}

/// What the runs give, with and without what they need.
pub(crate) async fn show() -> Result<String, RunError> {
    let job = checkout();
    let prices = Prices(HashMap::from([("tea", 3), ("cake", 4)]));
    let (total, entries) = job.run().resource(prices).resource(Journal::default()).await?;
    let missing = job.run().resource(Journal::default()).await;
    let missing = missing.err().map(|error| error.to_string()).unwrap_or_default();
    Ok(format!("total: {total}\n{}\nwithout prices: {missing}\n", entries.join("\n")))
}

#[tokio::main]
async fn main() -> Result<(), RunError> {
    print!("{}", show().await?);
    Ok(())
}
