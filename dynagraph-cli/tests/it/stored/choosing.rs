//! Which store a command is about.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dynagraph::SqliteStore;
use dynagraph::cli::{Cli, Exit};
use dynagraph::store::{MemoryStore, RunStore as _};

use super::{Store, Weather, tidy};
use crate::support::call_with;

fn farm() -> Cli {
    Cli::new().resource(Weather { is_dry: false })
}

#[tokio::test]
async fn a_program_has_a_store_of_its_own_that_no_command_has_to_name() {
    let store = MemoryStore::new();
    let cli = || {
        let store = store.clone();
        farm().store(|| Ok(store))
    };
    let called = call_with(cli(), "run farm --arg count=2").await;
    assert_eq!(called.exit, Exit::Failure);
    let line = tidy(called.messages.lines().last().unwrap_or_default());
    assert_eq!(line, "resume it with `shop resume <run>`");
    assert_eq!(call_with(cli(), "runs").await.output.lines().count(), 2);
    assert_eq!(store.runs().map(|runs| runs.len()).ok(), Some(1));
}

#[tokio::test]
async fn what_the_command_line_names_counts_more() {
    let (own, named) = (MemoryStore::new(), Store::new());
    let given = own.clone();
    let arguments = format!("run farm --arg count=1 {}", named.option());
    let called = call_with(farm().store(|| Ok(given)), &arguments).await;
    assert_eq!(called.exit, Exit::Success);
    assert_eq!(own.runs().map(|runs| runs.len()).ok(), Some(0));
    assert_eq!(named.ids().await.len(), 1);
}

#[tokio::test]
async fn a_store_is_opened_for_commands_that_need_it_alone() {
    let is_opened = Arc::new(AtomicBool::new(false));
    let opens = Arc::clone(&is_opened);
    let cli = Cli::new().store(move || {
        opens.store(true, Ordering::Relaxed);
        SqliteStore::open("no/such/folder/runs.db")
    });
    assert_eq!(call_with(cli, "list").await.exit, Exit::Success);
    assert!(!is_opened.load(Ordering::Relaxed));
    let cli = Cli::new().store(|| SqliteStore::open("no/such/folder/runs.db"));
    let called = call_with(cli, "runs").await;
    assert_eq!(called.exit, Exit::Usage);
    assert!(
        called.messages.starts_with("error: `no/such/folder/runs.db`: "),
        "{}",
        called.messages
    );
}
