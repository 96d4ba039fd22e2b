//! `why`

use dynagraph::cli::Exit;
use expect_test::expect;

use super::Store;

async fn why(store: &Store, step: &str) -> String {
    let id = store.ids().await.remove(0);
    let called = store.call(&format!("why {id} {step}")).await;
    assert_eq!((called.exit, &*called.messages), (Exit::Success, ""));
    called.output
}

#[tokio::test]
async fn a_step_was_run_because_of_what_changed_since_the_run_before() {
    let store = Store::new();
    store.call("run farm --arg count=2 --arg bad=1").await;
    assert_eq!(why(&store, "harvest[0]").await, "harvest[0]: no run of the job came before\n");
    assert_eq!(why(&store, "barn").await, "barn: it was not run, nor reused\n");
    store.call("run farm --arg count=3").await;
    assert_eq!(why(&store, "harvest[0]").await, "harvest[0]: its input `bad` changed\n");
    assert_eq!(why(&store, "harvest[1]").await, "harvest[1]: before, it had ended as Failure\n");
    assert_eq!(why(&store, "harvest[2]").await, "harvest[2]: the run before did not come to it\n");
}

#[tokio::test]
async fn a_step_of_a_cached_op_was_not_run_because_another_run_had_it() {
    let store = Store::new();
    store.call("run jam --arg count=2").await;
    let called = store.call("run jam --arg count=3").await;
    expect![[r#"
        run <run>
        fields  1  ✓ 1
        cook  3  ✓ 1  2 cached
        cellar  1  ✓ 1
        reused 2 steps of other runs
        jam succeeded after a while"#]]
    .assert_eq(&called.messages);
    assert_eq!(why(&store, "cook[1]").await, "cook[1]: it was not run, as another run had it\n");
}

#[tokio::test]
async fn a_step_of_a_run_that_went_on_is_compared_with_the_session_before() {
    let store = Store::new();
    store.call_in(false, "run farm --arg count=2").await;
    store.call("resume").await;
    assert_eq!(why(&store, "harvest[1]").await, "harvest[1]: before, it had ended as Failure\n");
    store.call("resume --select harvest[1]").await;
    let answer = "nothing changed; it was selected, or what it had given was gone or damaged";
    assert_eq!(why(&store, "harvest[1]").await, format!("harvest[1]: {answer}\n"));
}

#[tokio::test]
async fn an_answer_is_one_object() {
    let store = Store::new();
    store.call("run farm --arg count=2").await;
    store.call("run farm --arg count=2 --arg bad=7").await;
    expect![[r#"
        {
          "step": "harvest[0]",
          "run": "<run>",
          "run_before": "<run>",
          "reason": "inputs_changed",
          "text": "its input `bad` changed",
          "inputs": [
          "bad"
          ]
        }
    "#]]
    .assert_eq(&why(&store, "harvest[0] --json").await);
}

#[tokio::test]
async fn a_step_that_no_run_knows_is_answered_with_some_that_are() {
    let store = Store::new();
    store.call("run farm --arg count=2").await;
    let id = &store.ids().await[0];
    let called = store.call(&format!("why {id} harvest[7]")).await;
    assert_eq!((called.exit, &*called.output), (Exit::Usage, ""));
    expect![[r#"
        error: the store has no step `harvest[7]` of this run; of `harvest`, it has `harvest[0]`, `harvest[1]`

        `shop show <run> --store runs.db` shows what there is; a step that has not ended is not there"#]].assert_eq(&called.messages);
}
