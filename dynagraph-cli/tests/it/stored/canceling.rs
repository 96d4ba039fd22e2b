//! `cancel`, and runs that another process owns.

use dynagraph::cli::Exit;
use expect_test::expect;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

use super::Store;
use crate::ctrl_c::spawn;

/// Another process, whose run waits until it is canceled.
async fn waiting(store: &Store) -> Child {
    let mut child = spawn(&format!("shop run waiting --arg deaf=false {}", store.option()));
    let mut lines = BufReader::new(child.stdout.take().expect("an output")).lines();
    while lines.next_line().await.expect("lines").is_some_and(|line| line != "ready") {}
    // Nobody writes to a pipe that is closed.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    child
}

fn without_process(messages: &str) -> String {
    let (before, after) = messages.split_once("process ").expect("a process");
    format!("{before}process N{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
}

#[tokio::test]
async fn a_run_is_canceled_from_another_process() {
    let store = Store::new();
    let mut child = waiting(&store).await;
    let id = &store.ids().await[0];
    let called = store.call(&format!("cancel {}", &id[..9])).await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, ""));
    assert_eq!(without_process(&called.messages), "asked process N to cancel the run <run>");
    let status = child.wait().await.expect("an end").code();
    assert_eq!(status, Some(Exit::Canceled.status().into()));
    let called = store.call(&format!("cancel {id}")).await;
    assert_eq!(called.exit, Exit::Usage);
    expect!["error: nobody owns the run <run>: it was canceled"].assert_eq(&called.messages);
}

#[tokio::test]
async fn a_run_that_another_process_owns_is_left_alone() {
    let store = Store::new();
    let mut child = waiting(&store).await;
    let id = &store.ids().await[0];
    let called = store.call("resume").await;
    assert_eq!((called.exit, &*called.output), (Exit::Usage, ""));
    expect![[r#"
        error: the run <run> is owned by process N, which is alive

        wait for its end, or write `shop cancel <run> --store runs.db`, which asks it to end"#]]
    .assert_eq(&without_process(&called.messages));
    assert_eq!(store.call(&format!("resume {id}")).await.messages, called.messages);
    assert_eq!(store.call("gc --older-than 0s").await.messages, "0 runs deleted");
    let called = store.call(&format!("show {id}")).await;
    expect![[r#"
        run  <run>
        job  waiting
        arguments  deaf=false
        began  <time>
        state  live, owned by process N
        cancel it with `shop cancel <run> --store runs.db`
    "#]]
    .assert_eq(&without_process(&called.output));

    child.kill().await.expect("a kill");
    assert!(store.call("runs").await.output.contains("interrupted"));
    let called = store.call(&format!("cancel {id}")).await;
    assert_eq!(called.exit, Exit::Usage);
    expect![[r#"
        error: nobody owns the run <run>: it was interrupted

        `shop resume <run> --store runs.db` goes on with it"#]]
    .assert_eq(&called.messages);
}
