//! `gc`

use dynagraph::cli::Exit;
use expect_test::expect;

use super::Store;

#[tokio::test]
async fn old_runs_are_deleted_and_named() {
    let store = Store::new();
    store.call_in(false, "run farm --arg count=2").await;
    store.call("run nothing").await;
    let called = store.call("gc --older-than 30d").await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, ""));
    assert_eq!(called.messages, "0 runs deleted");
    let rehearsed = store.call("gc --older-than 0s --dry-run").await;
    assert_eq!(rehearsed.messages, "2 runs would be deleted");
    assert_eq!(store.ids().await.len(), 2);
    let called = store.call("gc --older-than 0s").await;
    assert_eq!((called.exit, &*called.messages), (Exit::Success, "2 runs deleted"));
    assert_eq!(called.output, rehearsed.output);
    expect![[r#"
        <run>  <time>  success  nothing
        <run>  <time>  failure  farm
    "#]]
    .assert_eq(&called.output);
    let called = store.call("runs").await;
    assert_eq!((&*called.output, &*called.messages), ("", "the store has no runs"));
}
