//! `run`

use dynagraph::cli::{Cli, Exit};
use expect_test::expect;
use serde_json::Value;

use crate::jobs::Bucket;
use crate::support::{call, call_with};

#[tokio::test]
async fn the_output_is_all_that_goes_to_stdout() {
    let called = call("run crawl --arg pages_=1200").await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, "1200\n"));
    expect![[r#"
        pages  1  ✓ 1
        fetch  1,200  ✓ 1,200  ↻ 1
        total  1  ✓ 1
        even   1,200  ✓ 1,200
        add    1,200  1,200 skipped
        crawl succeeded after a while"#]]
    .assert_eq(&called.messages);
}

#[tokio::test]
async fn a_failed_run_says_why_and_has_no_output() {
    let called = call("run crawl --arg pages_=10 --arg bad=3").await;
    assert_eq!((called.exit, &*called.output), (Exit::Failure, ""));
    expect![[r#"
        pages  1  ✓ 1
        fetch  10  ✓ 3  ↻ 1  ✗ 7
        total  1  1 below a failure
        even   10  ✓ 3  7 below a failure
        add    10  3 skipped  7 below a failure
        crawl failed after a while
        error: 7 steps failed
          7 of `fetch`: not found (fetch[3], fetch[4], fetch[5], …)"#]]
    .assert_eq(&called.messages);
}

#[tokio::test]
async fn a_list_takes_all_that_is_given_under_its_name_in_order() {
    let called = call("run mix --arg parts=2 --arg colors=red --arg parts=1").await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, "[Red] [2, 1]\n"));
    let called = call("run mix").await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, "[] []\n"));
}

#[tokio::test]
async fn an_output_is_shown_by_display_or_debug_or_not_at_all() {
    let called = call("run hello --arg name=you=me").await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, "Hello, you=me!\n"));
    let called = call("run paint --arg color=red").await;
    assert_eq!(called.output, "(Red, {\"0\": 0, \"1\": 1})\n");
    let called = call("run nothing").await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, ""));
    expect!["nothing succeeded after a while"].assert_eq(&called.messages);
    let called = call("run secret").await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, ""));
    expect![[r#"
        keep  1  ✓ 1
        secret succeeded after a while
        the output, a `it::jobs::Secret`, has neither `Display` nor `Debug`"#]]
    .assert_eq(&called.messages);
    let called = call("run skipped").await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, ""));
    expect![[r#"
        maybe  1  ✓ 1
        skipped succeeded after a while
        the run has no output: what gives it was skipped"#]]
    .assert_eq(&called.messages);
}

#[tokio::test]
async fn the_program_gives_what_a_run_needs() {
    let cli = Cli::new().resource(Bucket("the bucket")).configure(|run| run.pool("api", 10));
    let called = call_with(cli, "run stored").await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, "stored in the bucket\n"));
}

#[tokio::test]
async fn what_a_run_needs_is_not_made_for_other_commands() {
    let cli = || Cli::new().configure(|_| panic!("there is no run"));
    assert_eq!(call_with(cli(), "list").await.exit, Exit::Success);
    assert_eq!(call_with(cli(), "plan stored").await.exit, Exit::Success);
    assert_eq!(call_with(cli(), "run hello").await.exit, Exit::Usage);
}

#[tokio::test(start_paused = true)]
async fn a_run_has_the_limits_that_are_asked_for() {
    let called = call("run endless --timeout 1m --max-concurrent 1").await;
    assert_eq!((called.exit, &*called.output), (Exit::Failure, ""));
    assert!(called.messages.ends_with("error: the run timed out after 60s"), "{}", called.messages);
    let called =
        call("run crawl --arg pages_=100 --arg bad=0 --fail-fast --max-concurrent 1").await;
    assert_eq!(called.exit, Exit::Failure);
    assert!(called.messages.contains("step `fetch[0]` failed: not found"), "{}", called.messages);
}

#[tokio::test]
async fn what_the_command_line_says_counts_more_than_what_the_program_says() {
    let cli = Cli::new().configure(|run| run.max_concurrent(0).timeout(std::time::Duration::ZERO));
    let called = call_with(cli, "run hello --arg name=you --max-concurrent 1 --timeout 1h").await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, "Hello, you!\n"));
}

fn json(output: &str) -> Value {
    let mut report: Value = serde_json::from_str(output).unwrap_or_else(|error| panic!("{error}"));
    assert!(report["duration_seconds"].take().is_f64());
    assert!(report["run_id"].take().as_str().is_some_and(|id| id.len() == 32));
    report
}

#[tokio::test]
async fn a_report_is_one_object() {
    let called = call("run crawl --arg pages_=1000 --arg bad=5 --json").await;
    assert_eq!(called.exit, Exit::Failure);
    let mut report = json(&called.output);
    let steps = report["failures"][0]["steps"].take();
    assert_eq!(steps.as_array().map(Vec::len), Some(100));
    assert_eq!(steps[0], "fetch[5]");
    let nodes = report["nodes"].take();
    assert_eq!(nodes.as_array().map(Vec::len), Some(5));
    report["nodes"] = nodes[1].clone();
    expect![[r#"
        {
          "duration_seconds": null,
          "error": "995 steps failed\n  995 of `fetch`: not found (fetch[5], fetch[6], fetch[7], …)",
          "failures": [
            {
              "cause": "not found",
              "count": 995,
              "node": "fetch",
              "steps": null
            }
          ],
          "job": "crawl",
          "nodes": {
            "cached": 0,
            "canceled": 0,
            "failure": 995,
            "node": "fetch",
            "retries": 1,
            "skipped": 0,
            "success": 5,
            "upstream_failed": 0
          },
          "output": null,
          "resumed": null,
          "reused_of_other_runs": 0,
          "run_id": null,
          "status": "failure",
          "unstored_outputs": []
        }"#]].assert_eq(&format!("{report:#}"));
}

#[tokio::test]
async fn a_report_has_the_output_as_text() {
    let report = json(&call("run hello --arg name=you --json").await.output);
    assert_eq!((&report["status"], &report["output"]), (&"success".into(), &"Hello, you!".into()));
    assert_eq!((&report["error"], &report["failures"]), (&Value::Null, &Value::Array(Vec::new())));
    let report = json(&call("run secret --json").await.output);
    assert_eq!((&report["status"], &report["output"]), (&"success".into(), &Value::Null));
}
