//! `spin`

use dynagraph::SqliteStore;
use dynagraph::cli::Exit;
use dynagraph::store::{RunInfo, RunStore as _};
use expect_test::expect;
use serde_json::Value;

use super::{Store, is_refused};

/// A store with one run of `farm`, and its id.
async fn farm(is_dry: bool) -> (Store, String) {
    let store = Store::new();
    store.call_in(is_dry, "run farm --arg count=3").await;
    let id = store.ids().await.remove(0);
    (store, id)
}

#[tokio::test]
async fn one_step_is_executed_on_its_stored_inputs_and_nothing_is_stored() {
    let (store, id) = farm(true).await;
    let before = store.call(&format!("show {id} --values --json")).await.output;
    let called = store.call(&format!("spin {id} harvest[0]")).await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, "0.5\n"));
    expect![[r#"
        ↻ attempt 1: mud
        harvest[0] succeeded in attempt 2 after a while"#]]
    .assert_eq(&called.messages);
    assert_eq!(store.call(&format!("show {id} --values --json")).await.output, before);
    assert_eq!(store.ids().await, [id]);
}

#[tokio::test]
async fn a_step_that_fails_says_why() {
    let (store, id) = farm(false).await;
    let called = store.call_in(false, &format!("spin {} harvest[1]", &id[..12])).await;
    assert_eq!((called.exit, &*called.output), (Exit::Failure, ""));
    expect![[r#"
        harvest[1] failed after a while
        error: rain"#]]
    .assert_eq(&called.messages);
    let called = store.call(&format!("spin {id} harvest[1]")).await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, "1.5\n"));
}

#[tokio::test]
async fn a_parameter_can_be_given_anew() {
    let (store, id) = farm(true).await;
    let called = store.call(&format!("spin {id} harvest[2] --arg bad=2 --json")).await;
    assert_eq!(called.exit, Exit::Failure);
    let spun: Value = serde_json::from_str(&called.output).expect("JSON");
    assert_eq!(
        (&spun["status"], &spun["error"]),
        (&"failure".into(), &"nothing grows here".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_emits_shows_its_first_keys_with_their_values() {
    let (store, id) = farm(true).await;
    let called = store.call(&format!("spin {id} fields --arg count=2000")).await;
    assert_eq!(called.exit, Exit::Success);
    let lines = (0..1_000).map(|field| format!("{field}: {field}"));
    let lines: Vec<_> = lines.chain(["… (1000 more keys)".to_owned()]).collect();
    assert_eq!(called.output.lines().collect::<Vec<_>>(), lines);
}

#[tokio::test]
async fn a_step_is_one_object() {
    let (store, id) = farm(true).await;
    let called = store.call(&format!("spin {id} harvest[0] --json")).await;
    expect![[r#"
        {
          "step": "harvest[0]",
          "op": "harvest",
          "status": "success",
          "attempts": 2,
          "error": null,
          "retries": [
          {
          "attempt": 1,
          "error": "mud"
          }
          ],
          "gave": {
          "value": 0.5
          }
        }
    "#]]
    .assert_eq(&called.output);
    let called = store.call(&format!("spin {id} fields --json")).await;
    expect![[r#"
        {
          "step": "fields",
          "op": "fields",
          "status": "success",
          "attempts": 1,
          "error": null,
          "retries": [],
          "gave": {
          "keys": {
          "count": 3,
          "emitted": [
          {
          "key": "0",
          "value": 0
          },
          {
          "key": "1",
          "value": 1
          },
          {
          "key": "2",
          "value": 2
          }
          ]
          }
          }
        }
    "#]]
    .assert_eq(&called.output);
}

#[tokio::test]
async fn what_cannot_be_written_is_named_by_its_type() {
    let store = Store::new();
    store.call("run secret").await;
    let id = store.ids().await.remove(0);
    let called = store.call(&format!("spin {id} keep")).await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, ""));
    expect![[r#"
        keep succeeded after a while
        it gave a `it::jobs::Secret`, which cannot be written"#]]
    .assert_eq(&called.messages);
    store.call("run shelf").await;
    let id = store.ids().await.remove(0);
    let called = store.call(&format!("spin {id} put")).await;
    assert!(called.messages.ends_with("it has several outputs, which are not shown"));
    store.call("run skipped").await;
    let id = store.ids().await.remove(0);
    let called = store.call(&format!("spin {id} maybe")).await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, ""));
    assert!(called.messages.ends_with("it gave nothing"), "{}", called.messages);
}

#[tokio::test]
async fn a_run_that_is_live_can_be_looked_at() {
    let store = Store::new();
    let mut run = RunInfo::new("farm");
    run.arguments = vec![("count".to_owned(), "2".to_owned())];
    let path = store.0.path().join("runs.db");
    let live = SqliteStore::open(path).and_then(|store| store.begin(&run)).expect("a run");
    let called = store.call(&format!("spin {} fields", run.id)).await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, "0: 0\n1: 1\n"));
    drop(live);
}

#[tokio::test]
async fn a_step_that_the_run_does_not_have_is_answered_with_some_that_it_has() {
    let (store, id) = farm(true).await;
    is_refused(
        &store.call(&format!("spin {id} harvest[9]")).await,
        &expect![[r#"
        error: the store has no step `harvest[9]` of this run; of `harvest`, it has `harvest[0]`, `harvest[1]`, `harvest[2]`

        `shop show <run> --store runs.db` shows what there is; a step that has not ended is not there"#]],
    );
}

#[tokio::test]
async fn a_step_is_named_by_all_of_its_keys() {
    let (store, id) = farm(true).await;
    is_refused(
        &store.call(&format!("spin {id} harvest")).await,
        &expect![
            "error: `spin RUN harvest`, at character 1: one step is run alone: write its node, and all of its keys without `*`"
        ],
    );
    is_refused(
        &store.call(&format!("spin {id} harvset[1]")).await,
        &expect![
            "error: `spin RUN 'harvset[1]'` names the node `harvset`, which the job does not have: did you mean `harvest`; it has `fields`, `harvest`, `barn`"
        ],
    );
}

#[tokio::test]
async fn what_a_step_takes_and_the_run_does_not_have_is_named() {
    let (store, id) = farm(false).await;
    is_refused(
        &store.call(&format!("spin {id} barn")).await,
        &expect![[r#"
        error: the run <run> does not have what `barn` takes: nothing of `harvest` is stored with these inputs

        `shop resume <run> --select +barn --store runs.db` executes what is above it, too"#]],
    );
}
