//! `run --select` and `resume --select`

use dynagraph::cli::Exit;
use expect_test::expect;

use super::{Store, is_refused};
use crate::support::call;

#[tokio::test]
async fn a_new_run_executes_the_steps_that_are_selected_and_no_other() {
    let store = Store::new();
    store.call("run farm --arg count=3").await;
    let called = store.call("run farm --arg count=3 --select +harvest[0]").await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, ""));
    expect![[r#"
        run <run>
        fields  1  ✓ 1
        harvest  3  ✓ 1  ↻ 1  2 skipped
        barn  1  1 skipped
        farm succeeded after a while
        no output: not all that gives it was selected or stored"#]]
    .assert_eq(&called.messages);
    assert_eq!(store.ids().await.len(), 2);
}

#[tokio::test]
async fn a_resumed_run_executes_selected_steps_again_on_what_it_has_stored() {
    let store = Store::new();
    store.call("run farm --arg count=5").await;
    let called = store.call("resume --select harvest[2]+").await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, "12.5\n"));
    expect![[r#"
        run <run>
        fields  1  1 cached
        harvest  5  ✓ 1  4 cached
        barn  1  ✓ 1
        reused 5 steps
        not reused: 1 step of `harvest`: it was selected to be run again (harvest[2])
        not reused: 1 step of `barn`: it was selected to be run again (barn)
        farm succeeded after a while"#]]
    .assert_eq(&called.messages);
    assert_eq!(store.ids().await.len(), 1);
}

#[tokio::test]
async fn several_selections_are_joined() {
    let store = Store::new();
    store.call("run farm --arg count=5").await;
    let called = store.call("resume --select harvest[2] --select fields,harvest[3] --json").await;
    assert_eq!(called.exit, Exit::Success);
    let report: serde_json::Value = serde_json::from_str(&called.output).expect("JSON");
    assert_eq!(report["nodes"][1]["success"], 2);
    assert_eq!(report["resumed"]["reused"], 4);
    let dropped = &report["resumed"]["dropped"];
    expect![[r#"
        [
          {
            "count": 1,
            "node": "fields",
            "reason": "it was selected to be run again",
            "steps": [
              "fields"
            ]
          },
          {
            "count": 2,
            "node": "harvest",
            "reason": "it was selected to be run again",
            "steps": [
              "harvest[2]",
              "harvest[3]"
            ]
          }
        ]"#]]
    .assert_eq(&format!("{dropped:#}"));
}

#[tokio::test]
async fn a_selection_that_cannot_be_read_says_where_and_begins_nothing() {
    let store = Store::new();
    is_refused(
        &store.call("run farm --arg count=3 --select harvest[0").await,
        &expect![
            "error: `--select 'harvest[0'`, at character 8: this `[` is not closed: write `]` after the keys"
        ],
    );
    assert_eq!(store.ids().await.len(), 0);
}

#[tokio::test]
async fn a_node_that_the_job_does_not_have_is_answered_with_the_nearest() {
    is_refused(
        &call("run crawl --arg pages_=3 --select fetsch").await,
        &expect![
            "error: `--select fetsch` names the node `fetsch`, which the job does not have: did you mean `fetch`; it has `pages`, `fetch`, `total`, `even`, `add`"
        ],
    );
}

#[tokio::test]
async fn keys_where_there_are_more_or_fewer_are_answered_with_how_many_there_are() {
    is_refused(
        &call("run crawl --arg pages_=3 --select fetch[1/2]").await,
        &expect![
            "error: `--select 'fetch[1/2]'` names the steps of `fetch` by 2 keys, and they have 1 key: for `fetch[1/2]` write `fetch[*]`"
        ],
    );
}

#[tokio::test]
async fn steps_of_a_new_run_that_need_others_are_answered_with_how_to_select_these() {
    let store = Store::new();
    let called = store.call("run farm --arg count=3 --select harvest[0]").await;
    is_refused(
        &called,
        &expect![[r#"
        run <run>
        fields  1  ✗ 1
        harvest  0
        barn  1  1 skipped
        farm executed nothing after a while
        error: step `fields` failed: the selected steps need `fields`, which is not selected: select it too, or resume a run that has it

        `--select '+harvest[0]'` executes what is above it, too"#]],
    );
}

#[tokio::test]
async fn keys_that_no_step_has_are_named() {
    let store = Store::new();
    store.call("run farm --arg count=3").await;
    is_refused(
        &store.call("resume --select harvest[7]").await,
        &expect![[r#"
        run <run>
        fields  1  1 cached
        harvest  3  3 cached
        barn  1  1 cached
        reused 5 steps
        farm executed nothing after a while
        error: no step matches `harvest[7]`

        `shop show <run> --store runs.db` shows what there is"#]],
    );
    assert_eq!(store.call("resume").await.output, "4.5\n");
}

#[tokio::test]
async fn a_selected_step_that_fails_fails_the_run() {
    let store = Store::new();
    store.call("run farm --arg count=3").await;
    let called = store.call_in(false, "resume --select harvest[1]").await;
    assert_eq!((called.exit, &*called.output), (Exit::Failure, ""));
    assert!(called.messages.contains("error: step `harvest[1]` failed: rain"));
}
