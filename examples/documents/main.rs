//! Every program of Dagster's page on dynamic graphs, name for name.
//!
//! `cargo run --example documents`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod mapping;
mod using;

use dynagraph::RunError;

use mapping::{chained, chained_alt, multiple, other_arg, pages, process};
use using::{dynamic_graph, naive};

/// What each program gives.
pub(crate) async fn show() -> Result<String, RunError> {
    let lines = [
        format!("naive: {}", naive().run().await?),
        format!("dynamic_graph: {}", dynamic_graph().run().await?),
        format!("return_dynamic: {:?}", pages().run().await?),
        format!("chained: {:?}", chained().run().await?),
        format!("chained_alt: {:?}", chained_alt().run().await?),
        format!("other_arg: {:?}", other_arg().run().await?),
    ];
    // A job that returns nothing still runs every op; a report tells what each of them gave.
    let report = multiple().run().keep_values(true).report().await;
    let given = report.values::<process>();
    report.into_result()?;
    Ok(format!("{}\nmultiple: {given:?}\n", lines.join("\n")))
}

#[tokio::main]
async fn main() -> Result<(), RunError> {
    print!("{}", show().await?);
    Ok(())
}
