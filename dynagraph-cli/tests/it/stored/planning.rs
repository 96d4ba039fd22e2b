//! `plan --store`

use dynagraph::cli::Exit;
use expect_test::expect;

use super::Store;

#[tokio::test]
async fn a_plan_says_what_would_run_if_the_last_run_were_resumed() {
    let store = Store::new();
    store.call_in(false, "run farm --arg count=5").await;
    store.call("run book --arg name=x").await;
    let called = store.call("plan farm").await;
    assert_eq!((called.exit, &*called.messages), (Exit::Success, ""));
    expect![[r#"
        farm
          fields
          for each key of fields:
          harvest ← fields  (version 2, 1 retry)
          collect ← harvest
          barn ← collect

        if the run <run> (failure) is resumed, with the same inputs:
        node  reused  run  why
        fields  1  0
        harvest  3  2  had not succeeded
        barn  0  1  nothing is stored
    "#]]
    .assert_eq(&called.output);
}

#[tokio::test]
async fn a_plan_is_of_any_run_of_the_job() {
    let store = Store::new();
    store.call("run jam --arg count=2").await;
    store.call("run jam --arg count=4 --select +cook[3]").await;
    let id = &store.ids().await[1];
    let called = store.call(&format!("plan jam --run {}", &id[..12])).await;
    expect![[r#"
        jam
          fields
          for each key of fields:
          cook ← fields  (cached)
          collect ← cook
          cellar ← collect

        if the run <run> (success) is resumed, with the same inputs:
        node  reused  run  why
        fields  1  0
        cook  2  0
        cellar  1  0
    "#]]
    .assert_eq(&called.output);
    let called = store.call("plan jam").await;
    expect![[r#"
        jam
          fields
          for each key of fields:
          cook ← fields  (cached)
          collect ← cook
          cellar ← collect

        if the run <run> (success) is resumed, with the same inputs:
        node  reused  run  why
        fields  1  0
        cook  3  0+  1 may have been skipped or not selected; cached: other runs may have it
        cellar  0  0+  1 may have been skipped or not selected
    "#]]
    .assert_eq(&called.output);
}

#[tokio::test]
async fn what_cannot_be_stored_is_in_the_plan() {
    let store = Store::new();
    let called = store.call("plan shelf").await;
    expect![[r#"
        shelf
          put

        there is no store at `home/runs.db` yet

        `put`: a `it::jobs::Secret` cannot be stored, which is its `secret`
        a run that goes on runs such steps again, and those that take what they give
    "#]]
    .assert_eq(&called.output);
    let called = store.call("run shelf").await;
    expect![[r#"
        run <run>
        put  1  ✓ 1
        not stored: `put`: a `it::jobs::Secret` cannot be stored, which is its `secret`
        what is not stored runs again when the run goes on
        shelf succeeded after a while"#]]
    .assert_eq(&called.messages);
    let called = store.call("plan shelf").await;
    expect![[r#"
        shelf
          put

        if the run <run> (success) is resumed, with the same inputs:
        node  reused  run  why
        put  0  1  a `it::jobs::Secret` cannot be stored, which is its `secret`
    "#]]
    .assert_eq(&called.output);
}

#[tokio::test]
async fn a_plan_makes_no_store_and_a_store_without_runs_says_so() {
    let store = Store::new();
    store.call("plan farm --arg count=1").await;
    assert!(!store.0.path().join("runs.db").exists());
    store.call("run nothing").await;
    let called = store.call("plan farm --arg count=1").await;
    expect![[r#"
        farm
          fields
          for each key of fields:
          harvest ← fields  (version 2, 1 retry)
          collect ← harvest
          barn ← collect

        the store has no run of this job
    "#]]
    .assert_eq(&called.output);
}

#[tokio::test]
async fn a_run_of_another_job_is_answered_with_the_plan_of_that() {
    let store = Store::new();
    store.call("run farm --arg count=1").await;
    let id = &store.ids().await[0];
    let called = store.call(&format!("plan jam --arg count=1 --run {id}")).await;
    assert_eq!((called.exit, &*called.output), (Exit::Usage, ""));
    expect![[r#"
        error: the run <run> is one of the job `farm`, and not of `jam`

        write `shop plan farm --run <run> --store runs.db`"#]]
    .assert_eq(&called.messages);
}
