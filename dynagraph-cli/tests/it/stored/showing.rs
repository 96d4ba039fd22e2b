//! `show`

use std::fs;

use dynagraph::cli::Exit;
use expect_test::expect;
use serde_json::Value;

use super::Store;

#[tokio::test]
async fn a_run_is_shown_folded_with_its_failures_by_cause() {
    let store = Store::new();
    store.call_in(false, "run farm --arg count=1000 --arg bad=2").await;
    let id = &store.ids().await[0];
    let called = store.call(&format!("show {id}")).await;
    assert_eq!((called.exit, &*called.messages), (Exit::Success, ""));
    expect![[r#"
        run  <run>
        job  farm
        arguments  count=1000 bad=2
        began  <time>
        took  <took>
        state  failure
        fields  1  ✓ 1
        harvest  1,000  ✓ 666  ↻ 1  ✗ 334
        ✗ 333 of `harvest`: rain (such as `harvest[1]`)
        ✗ `harvest[2]`: nothing grows here
        resume it with `shop resume <run> --store runs.db`
    "#]]
    .assert_eq(&called.output);
}

#[tokio::test]
async fn a_step_is_shown_with_its_attempts_and_what_it_gave() {
    let store = Store::new();
    store.call_in(false, "run farm --arg count=20").await;
    let id = &store.ids().await[0];
    let show = async |rest: &str| store.call(&format!("show {id} {rest}")).await.output;
    expect![[r#"
        step  harvest[0]
        op  harvest, version 2
        status  success
        attempts  2
        began  <time>
        took  <took>
        ↻ attempt 1: mud
        → output: 0.5
    "#]]
    .assert_eq(&show("harvest[0] --values").await);
    expect![[r#"
        step  harvest[1]
        op  harvest, version 2
        status  failure
        attempts  1
        began  <time>
        took  <took>
        error  rain
    "#]]
    .assert_eq(&show("harvest[1]").await);
    expect![[r#"
        step  fields
        op  fields
        status  success
        attempts  1
        began  <time>
        took  <took>
        → output: 20 keys, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …
    "#]]
    .assert_eq(&show("fields").await);
}

#[tokio::test]
async fn values_of_every_kind_are_shown() {
    let store = Store::new();
    store.call("run shelf").await;
    let id = &store.ids().await[0];
    let called = store.call(&format!("show {id} put")).await;
    expect![[r#"
        step  put
        op  put
        status  success
        attempts  1
        began  <time>
        took  <took>
        → bytes: serde_bytes::bytebuf::ByteBuf, 4 bytes
        → odd: f64, 9 bytes
        → secret: cannot be stored, so its op runs again
        → maybe: nothing
    "#]]
    .assert_eq(&called.output);
    let called = store.call(&format!("show {id} put --values")).await;
    expect![[r#"
        step  put
        op  put
        status  success
        attempts  1
        began  <time>
        took  <took>
        → bytes: "01ff"
        → odd: "NaN"
        → secret: cannot be stored, so its op runs again
        → maybe: nothing
    "#]]
    .assert_eq(&called.output);
    let called = store.call(&format!("show {id}")).await;
    expect![[r#"
        run  <run>
        job  shelf
        began  <time>
        took  <took>
        state  success
        put  1  ✓ 1
        1 step gave what cannot be stored: a resume runs that again
    "#]]
    .assert_eq(&called.output);
}

#[tokio::test]
async fn a_long_value_is_cut_and_a_lost_one_is_missed() {
    let store = Store::new();
    store.call("run book --arg name=Middlemarch").await;
    let id = &store.ids().await[0];
    let called = store.call(&format!("show {id} read --values")).await;
    let value = called.output.lines().last().unwrap_or_default();
    assert!(value.starts_with("→ output: \"MiddlemarchMiddlemarch"), "{value}");
    assert!(value.ends_with("… (109802 more characters, shown by --json)"), "{value}");
    let called = store.call(&format!("show {id} read --values --json")).await;
    assert!(called.output.contains(&"Middlemarch".repeat(10_000)));
    fs::remove_dir_all(store.0.path().join("runs.db-values")).expect("a folder of values");
    let called = store.call(&format!("show {id} read --values")).await;
    assert_eq!(called.exit, Exit::Success);
    assert!(called.output.contains("→ output: cannot be read: "), "{}", called.output);
}

#[tokio::test]
async fn all_values_of_a_run_are_shown() {
    let store = Store::new();
    store.call("run farm --arg count=2").await;
    let id = &store.ids().await[0];
    let called = store.call(&format!("show {id} --values")).await;
    let values = called.output.split_once("barn  1  ✓ 1\n").map(|(_, values)| values);
    let mut lines: Vec<_> = values.unwrap_or_default().lines().collect();
    lines.sort_unstable();
    expect![[r#"

          0: 0
          1: 1
        barn output: 2.0
        fields output: 2 keys
        harvest[0] output: 0.5
        harvest[1] output: 1.5"#]]
    .assert_eq(&lines.join("\n"));
}

#[tokio::test]
async fn a_shown_run_is_one_json_object() {
    let store = Store::new();
    store.call_in(false, "run farm --arg count=5 --arg bad=2").await;
    let id = &store.ids().await[0];
    let called = store.call(&format!("show {id} --json")).await;
    let mut run: Value = serde_json::from_str(&called.output).expect("JSON");
    assert!(run["took_seconds"].take().is_f64());
    run["nodes"] = run["nodes"][1].take();
    expect![[r#"
        {
          "arguments": [
            {
              "name": "count",
              "value": "5"
            },
            {
              "name": "bad",
              "value": "2"
            }
          ],
          "damaged": 0,
          "ended": "<time>",
          "error": "3 steps failed\n  2 of `harvest`: rain (harvest[1], harvest[4])\n  step `harvest[2]`: nothing grows here",
          "failures": [
            {
              "cause": "rain",
              "count": 2,
              "node": "harvest",
              "steps": [
                "harvest[1]",
                "harvest[4]"
              ]
            },
            {
              "cause": "nothing grows here",
              "count": 1,
              "node": "harvest",
              "steps": [
                "harvest[2]"
              ]
            }
          ],
          "job": "farm",
          "missing": 0,
          "nodes": {
            "cached": 0,
            "canceled": 0,
            "failure": 3,
            "node": "harvest",
            "retries": 1,
            "skipped": 0,
            "success": 2,
            "upstream_failed": 0
          },
          "not_stored": 0,
          "owner": null,
          "run_id": "<run>",
          "started": "<time>",
          "state": "failure",
          "took_seconds": null
        }"#]].assert_eq(&format!("{run:#}"));
}

#[tokio::test]
async fn a_shown_step_is_one_json_object() {
    let store = Store::new();
    store.call("run farm --arg count=5").await;
    let id = &store.ids().await[0];
    let called = store.call(&format!("show {id} fields --json --values")).await;
    let mut step: Value = serde_json::from_str(&called.output).expect("JSON");
    assert!(step["duration_seconds"].take().is_f64());
    let mut keys = step["outputs"][0]["keys"].take();
    step["outputs"][0]["keys"] = keys[4].take();
    expect![[r#"
        {
          "attempts": 1,
          "duration_seconds": null,
          "error": null,
          "op": "fields",
          "outputs": [
            {
              "count": 5,
              "gave": "keys",
              "keys": {
                "bytes": 1,
                "key": "4",
                "type": "u32",
                "value": 4
              },
              "output": "output"
            }
          ],
          "retries": [],
          "started": "<time>",
          "status": "success",
          "step": "fields",
          "version": null
        }"#]]
    .assert_eq(&format!("{step:#}"));
}
