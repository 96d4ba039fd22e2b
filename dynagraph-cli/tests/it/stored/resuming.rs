//! `run --store` and `resume`

use dynagraph::cli::{Cli, Exit};
use expect_test::expect;

use super::{Store, Weather};
use crate::support::call_with;

#[tokio::test]
async fn a_stored_run_is_named_and_a_failed_one_says_how_to_go_on() {
    let store = Store::new();
    let called = store.call_in(false, "run farm --arg count=5").await;
    assert_eq!((called.exit, &*called.output), (Exit::Failure, ""));
    expect![[r#"
        run <run>
        fields  1  ✓ 1
        harvest  5  ✓ 3  ↻ 1  ✗ 2
        barn  1  1 below a failure
        farm failed after a while
        error: 2 steps failed
          2 of `harvest`: rain (harvest[1], harvest[4])
        resume it with `shop resume <run> --store runs.db`"#]]
    .assert_eq(&called.messages);
    let called = store.call("run farm --arg count=2").await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, "2\n"));
    expect![[r#"
        run <run>
        fields  1  ✓ 1
        harvest  2  ✓ 2  ↻ 1
        barn  1  ✓ 1
        farm succeeded after a while"#]]
    .assert_eq(&called.messages);
}

#[tokio::test]
async fn the_latest_run_that_has_not_succeeded_goes_on_with_its_own_arguments() {
    let store = Store::new();
    store.call_in(false, "run farm --arg count=5").await;
    store.call("run farm --arg count=1").await;
    let called = store.call("resume").await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, "12.5\n"));
    expect![[r#"
        run <run>
        fields  1  1 cached
        harvest  5  ✓ 2  3 cached
        barn  1  ✓ 1
        reused 4 steps; 2 had not succeeded
        farm succeeded after a while"#]]
    .assert_eq(&called.messages);
}

#[tokio::test]
async fn a_run_goes_on_by_the_first_digits_of_its_id() {
    let store = Store::new();
    store.call_in(false, "run farm --arg count=5").await;
    store.call_in(false, "run farm --arg count=2").await;
    let first = &store.ids().await[1];
    let called = store.call(&format!("resume {}", &first[..12])).await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, "12.5\n"));
}

#[tokio::test]
async fn a_run_that_has_succeeded_gives_its_output_from_the_store() {
    let store = Store::new();
    store.call("run farm --arg count=5").await;
    let id = &store.ids().await[0];
    let called = store.call_in(false, &format!("resume {id}")).await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, "12.5\n"));
    expect![[r#"
        run <run>
        fields  1  1 cached
        harvest  5  5 cached
        barn  1  1 cached
        reused 7 steps
        farm succeeded after a while"#]]
    .assert_eq(&called.messages);
}

#[tokio::test]
async fn a_parameter_can_be_given_anew_and_only_what_takes_it_is_run_again() {
    let store = Store::new();
    store.call("run farm --arg count=3 --arg bad=2").await;
    let called = store.call("resume --arg bad=7").await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, "4.5\n"));
    expect![[r#"
        run <run>
        fields  1  1 cached
        harvest  3  ✓ 3  ↻ 1
        barn  1  ✓ 1
        reused 1 step; 1 had not succeeded
        not reused: 2 steps of `harvest`: its inputs changed (harvest[0], harvest[1])
        farm succeeded after a while"#]]
    .assert_eq(&called.messages);
    let called = store.call("runs").await;
    assert!(called.output.contains("count=3 bad=7"), "{}", called.output);
}

#[tokio::test]
async fn a_resumed_run_takes_the_options_of_a_new_one() {
    let store = Store::new();
    store.call_in(false, "run farm --arg count=9").await;
    let called = store.call_in(false, "resume --fail-fast --max-concurrent 1 --json").await;
    assert_eq!(called.exit, Exit::Failure);
    let report: serde_json::Value = serde_json::from_str(&called.output).expect("JSON");
    assert_eq!((&report["job"], &report["status"]), (&"farm".into(), &"failure".into()));
    assert_eq!(report["error"], "step `harvest[1]` failed: rain");
    assert_eq!(report["nodes"][1]["failure"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ends_too_late_can_go_on() {
    let store = Store::new();
    let called = store.call("run endless --timeout 1m").await;
    assert_eq!(called.exit, Exit::Failure);
    let line = called.messages.lines().last();
    assert_eq!(line, Some("resume it with `shop resume <run> --store runs.db`"));
}

#[tokio::test]
async fn a_run_without_a_store_is_not_named() {
    let cli = Cli::new().resource(Weather { is_dry: false });
    let called = call_with(cli, "run farm --arg count=2").await;
    assert_eq!(called.exit, Exit::Failure);
    assert!(!called.messages.contains("run ") && !called.messages.contains("resume"));
}
