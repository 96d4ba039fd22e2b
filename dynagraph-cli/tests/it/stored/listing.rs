//! `runs`

use dynagraph::SqliteStore;
use dynagraph::cli::Exit;
use dynagraph::prelude::*;
use dynagraph::store::{RunInfo, RunStore as _};
use expect_test::expect;
use serde_json::Value;

use super::Store;

#[job(name = "naps")]
fn nap(words: Vec<String>) {
    drop(words);
}

#[tokio::test]
async fn runs_are_listed_with_how_they_were_asked_for_and_how_they_ended() {
    let store = Store::new();
    store.call_in(false, "run farm --arg count=5 --arg bad=2").await;
    store.call("run naps --arg words=a=b --arg words=").await;
    let opened = SqliteStore::open(store.0.path().join("runs.db")).expect("a store");
    drop(opened.begin(&RunInfo::new("elsewhere")));
    drop(opened);
    let called = store.call("runs").await;
    assert_eq!((called.exit, &*called.messages), (Exit::Success, ""));
    expect![[r#"
        run  state  started  took  job  arguments
        <run>  interrupted  <time>  -  elsewhere
        <run>  success  <time>  <took>  naps  words=a=b words=''
        <run>  failure  <time>  <took>  farm  count=5 bad=2
    "#]]
    .assert_eq(&called.output);
}

#[tokio::test]
async fn some_runs_are_listed_by_job_and_number() {
    let store = Store::new();
    for count in 1..4 {
        store.call(&format!("run farm --arg count={count}")).await;
    }
    store.call("run naps").await;
    let called = store.call("runs --job farm --limit 2").await;
    assert_eq!(called.output.lines().count(), 3);
    assert!(called.output.contains("count=3") && !called.output.contains("count=1"));
    let called = store.call("runs --job barn").await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, ""));
    assert_eq!(called.messages, "the store has no runs of the job `barn`");
}

#[tokio::test]
async fn listed_runs_are_json_objects() {
    let store = Store::new();
    store.call_in(false, "run farm --arg count=2").await;
    let called = store.call("runs --json").await;
    let mut runs: Value = serde_json::from_str(&called.output).expect("JSON");
    assert!(runs[0]["took_seconds"].take().is_f64());
    expect![[r#"
        [
          {
            "arguments": [
              {
                "name": "count",
                "value": "2"
              }
            ],
            "ended": "<time>",
            "error": "step `harvest[1]` failed: rain",
            "job": "farm",
            "owner": null,
            "run_id": "<run>",
            "started": "<time>",
            "state": "failure",
            "took_seconds": null
          }
        ]"#]]
    .assert_eq(&format!("{runs:#}"));
}
