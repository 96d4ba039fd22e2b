//! What handles can do, and what a job that is not valid says.

use dynagraph::prelude::*;
use dynagraph::{GraphEdge, GraphNode, RunStatus, ScopeSource, StepError, StepReport, StepStatus};

use crate::support::{Log, add, count, echo, keys_of, second, steps, sum};

#[op]
fn is_even(x: u64) -> bool {
    x.is_multiple_of(2)
}

#[op]
async fn fails_at_three(x: u64) -> Result<bool, OpError> {
    if x == 3 { Err("three".into()) } else { Ok(true) }
}

#[job]
fn filtered() -> (DynamicHandle<u64>, OutputHandle<u64>, OutputHandle<Vec<u64>>) {
    let values = count(6);
    let even = values.filter(is_even);
    let mapped = even.map(echo);
    (mapped, even.fold(0, add), values.filter(|x| is_even(add(x, 1))).collect())
}

/// S17: what is mapped over the keys that do not pass is skipped.
#[tokio::test]
async fn filter_keeps_the_keys_that_pass() {
    let report = filtered().run().keep_steps(true).report().await;
    assert_eq!(report.count("is_even", StepStatus::Success), 6);
    assert_eq!(report.count("echo", StepStatus::Success), 3);
    assert_eq!(report.count("echo", StepStatus::Skipped), 3);
    let (mapped, folded, odd) = report.into_result().unwrap();
    assert_eq!(mapped, [(0, 0), (2, 2), (4, 4)].into_iter().collect());
    assert_eq!((folded, odd), (6, vec![1, 3, 5]));
}

#[job]
fn filter_fails() -> OutputHandle<u64> {
    sum(count(5).filter(fails_at_three).map(echo).collect())
}

/// S22
#[tokio::test]
async fn a_filter_that_fails_fails_its_key() {
    let report = filter_fails().run().report().await;
    let expected = ["fails_at_three[3] Failure", "echo[3] UpstreamFailed", "sum UpstreamFailed"];
    assert_eq!(steps(&report), expected);
}

#[op]
fn letters(text: &str) -> Vec<DynamicOutput<String>> {
    text.chars().map(|letter| DynamicOutput::new(letter.to_string(), letter)).collect()
}

#[op]
fn words() -> Vec<DynamicOutput<String>> {
    ["ab", "", "c/d"]
        .into_iter()
        .map(|word| DynamicOutput::new(word.to_owned(), format!("<{word}>")))
        .collect()
}

#[op]
fn upper(text: String) -> String {
    text.to_uppercase()
}

type Flat = DynamicHandle<String>;

#[job]
fn flattened() -> (Flat, Flat, OutputHandle<Vec<String>>, OutputHandle<Keyed<String>>) {
    let flat = words().flat_map(letters);
    let nested = words().map(|word| letters(word).map(upper));
    let upper_flat = nested.flatten();
    (flat, upper_flat, upper_flat.map(upper).collect(), flat.collect_keyed())
}

/// S3, S12
#[tokio::test]
async fn flat_map_and_flatten_make_one_fan_out_whose_keys_are_paths() {
    let report = flattened().run().keep_steps(true).report().await;
    assert!(report.step("upper_2[%3Cab>/b]").is_none());
    assert_eq!(report.step("upper_2[<c%2Fd>/%2F]").map(StepReport::op), Some("upper"));
    let (flat, upper_flat, upper, keyed) = report.into_result().unwrap();
    let keys: Vec<_> = flat.keys().map(MappingKey::as_str).collect();
    assert_eq!(keys, ["<ab>/a", "<ab>/b", "<c%2Fd>/c", "<c%2Fd>/%2F", "<c%2Fd>/d"]);
    assert_eq!(flat, keyed);
    assert_eq!((&*flat["<c%2Fd>/%2F"], &*upper_flat["<ab>/b"]), ("/", "B"));
    assert_eq!(upper, ["A", "B", "C", "/", "D"]);
}

#[op]
fn keyed_by(keys: Vec<u64>, offset: u64) -> Vec<DynamicOutput<u64>> {
    keys.into_iter().map(|key| DynamicOutput::new(key + offset, key)).collect()
}

#[job]
fn zipped(left: Vec<u64>, right: Vec<u64>) -> (DynamicHandle<(u64, u64)>, OutputHandle<u64>) {
    let pairs = keyed_by(left, 0).zip(keyed_by(right, 100));
    let sums = pairs.map(|pair| {
        let (left, right) = pair.unzip();
        add(left, right)
    });
    (pairs, sum(sums.collect()))
}

#[tokio::test]
async fn zip_pairs_equal_keys_in_the_order_of_the_left() {
    let (pairs, sum) = zipped(vec![3, 1, 2], vec![1, 2, 3]).run().await.unwrap();
    let expected: Keyed<_> = [(3, (3, 103)), (1, (1, 101)), (2, (2, 102))].into_iter().collect();
    assert_eq!((pairs, sum), (expected, 312));
    let (pairs, sum) = zipped(vec![], vec![]).run().await.unwrap();
    assert!(pairs.is_empty() && sum == 0);
}

#[tokio::test]
async fn a_key_on_one_side_of_a_zip_is_an_error_that_names_it() {
    let report = zipped(vec![1, 2, 3], vec![2, 4, 3]).run().report().await;
    assert_eq!(report.status(), RunStatus::Failure);
    let mut failed = keys_of(&report, StepStatus::Failure);
    failed.sort_unstable();
    assert_eq!(failed, ["zip[1]", "zip[4]"]);
    assert_eq!(report.count("add", StepStatus::Success), 2);
    assert_eq!(report.count("sum", StepStatus::UpstreamFailed), 1);
    for (step, text, of_left) in [("zip[1]", "1", true), ("zip[4]", "4", false)] {
        let error = report.step(step).and_then(StepReport::error);
        let Some(StepError::Unmatched { key, left, .. }) = error else { panic!("{error:?}") };
        assert_eq!((&**key, *left), (text, of_left));
    }
}

#[job]
fn zipped_with_itself() -> OutputHandle<Vec<(u64, u64)>> {
    let values = count(3);
    values.map(|x| add(x, 10)).zip(values.filter(|x| is_even(x)).map(echo)).collect()
}

#[tokio::test]
async fn two_maps_of_one_output_are_zipped() {
    assert_eq!(zipped_with_itself().run().await.unwrap(), [(10, 0), (12, 2)]);
}

#[job]
fn batched(n: u64, size: usize) -> (DynamicHandle<Vec<u64>>, DynamicHandle<u64>) {
    let batches = count(n).batch(size);
    (batches, batches.map(|batch| sum(batch)))
}

#[tokio::test]
async fn batches_keep_the_order_and_are_keyed_by_their_number() {
    let report = batched(7, 3).run().keep_steps(true).report().await;
    assert_eq!(keys_of(&report, StepStatus::Success), ["count", "sum[0]", "sum[1]", "sum[2]"]);
    let (batches, sums) = report.into_result().unwrap();
    assert_eq!(batches.into_values().collect::<Vec<_>>(), [vec![0, 1, 2], vec![3, 4, 5], vec![6]]);
    assert_eq!(sums["2"], 6);
    for (n, size, batches) in [(0, 3, 0), (6, 3, 2), (2, 3, 1), (3, 1, 3), (3, usize::MAX, 1)] {
        let (all, _) = batched(n, size).run().await.unwrap();
        assert_eq!(all.len(), batches, "{n} by {size}");
        assert_eq!(all.into_values().flatten().collect::<Vec<_>>(), (0..n).collect::<Vec<_>>());
    }
}

#[op]
fn show(all: String, x: u64) -> String {
    format!("{all}{x}")
}

#[job]
fn folding(n: u64) -> (OutputHandle<String>, OutputHandle<u64>, OutputHandle<String>) {
    let values = count(n);
    let start = echo(5);
    let nested = values.map(|x| count(x)).flatten();
    (values.fold("", show), values.fold(start, add), nested.fold("=", |all, x| show(all, x)))
}

/// S3, S8, S12
#[tokio::test]
async fn fold_goes_through_the_values_in_order() {
    let report = folding(4).run().keep_steps(true).report().await;
    let of_show: Vec<_> =
        report.steps().map(StepReport::key).filter(|key| key.starts_with("show[")).collect();
    assert_eq!(of_show, ["show[0]", "show[1]", "show[2]", "show[3]"]);
    let (text, total, nested) = report.into_result().unwrap();
    assert_eq!((&*text, total, &*nested), ("0123", 11, "=001012"));
    assert_eq!(folding(0).run().await.unwrap(), (String::new(), 5, "=".to_owned()));
}

#[op]
async fn fails_at(x: u64, bad: u64) -> Result<u64, OpError> {
    if x == bad { Err("bad".into()) } else { Ok(x) }
}

#[job]
fn fold_of_failing() -> OutputHandle<u64> {
    count(4).map(|x| fails_at(x, 2)).fold(0, add)
}

#[job]
fn failing_fold() -> OutputHandle<u64> {
    echo(count(4).fold(0, |all, x| fails_at(add(all, x), 3)))
}

/// S22
#[tokio::test]
async fn a_fold_over_a_failed_key_is_upstream_failed() {
    let report = fold_of_failing().run().report().await;
    assert_eq!(report.status(), RunStatus::Failure);
    assert_eq!(keys_of(&report, StepStatus::Failure), ["fails_at[2]"]);
    assert!(report.output().is_none());

    let report = failing_fold().run().report().await;
    assert_eq!(keys_of(&report, StepStatus::Failure), ["fails_at[2]"]);
    assert_eq!(report.count("echo", StepStatus::UpstreamFailed), 1);
}

#[op]
async fn say(log: Resource<Log>, name: String, x: u64) -> u64 {
    tokio::time::sleep(std::time::Duration::from_secs(10 - x)).await;
    log.say(name);
    x
}

#[job]
fn ordered() {
    let late = say("late", 0);
    let _ = say("after late", 9).after(late);
    count(2).map(|x| {
        let first = say("first", second(x, 1));
        say("second", second(x, 9)).after(first).alias("last").tag("team", "etl")
    });
    let dynamic = count(1).after(late).alias("emits").tag("a", "b").tag("c", "d");
    dynamic.map(|x| say("emitted", add(x, 9)));
}

#[tokio::test(start_paused = true)]
async fn after_orders_ops_without_data() {
    let (job, log) = (ordered(), Log::default());
    job.run().resource(log.clone()).await.unwrap();
    let lines = log.lines();
    let place = |name: &str| lines.iter().position(|line| line == name);
    assert!(place("late") < place("after late") && place("late") < place("emitted"));
    assert_eq!(lines[..4], ["first", "first", "late", "second"].map(str::to_owned)[..]);
    assert_eq!(lines.len(), 7);
}

#[test]
fn tags_and_aliases_are_shown_in_the_graph() {
    let graph = ordered().graph();
    let node = |name: &str| graph.nodes().iter().find(|node| node.name() == name).unwrap();
    assert_eq!(node("last").tags().collect::<Vec<_>>(), [("team", "etl")]);
    assert_eq!(node("emits").tags().collect::<Vec<_>>(), [("a", "b"), ("c", "d")]);
    assert_eq!((node("last").depth(), node("emits").depth(), node("emits").is_op()), (1, 0, true));
}

#[job]
fn drawn() -> OutputHandle<u64> {
    let start = echo(1).alias("say \"hi\"");
    let values = count(start).map(|x| add(x, start));
    add(sum(values.collect()), values.fold(0, add))
}

#[test]
fn a_graph_has_nodes_and_edges_and_is_drawn() {
    let graph = drawn().graph();
    let names: Vec<_> = graph.nodes().iter().map(GraphNode::name).collect();
    assert_eq!(names, ["say \"hi\"", "count", "add", "collect", "sum", "add_2", "fold", "add_3"]);
    let edge = |from: &str, to: &str| {
        let edges = graph
            .edges()
            .iter()
            .filter(|edge| (names[edge.from()], names[edge.to()]) == (from, to));
        edges.map(GraphEdge::is_dynamic).collect::<Vec<_>>()
    };
    assert_eq!(edge("say \"hi\"", "count"), [false]);
    assert_eq!(edge("say \"hi\"", "add"), [false]);
    assert_eq!(edge("count", "add"), [true]);
    assert_eq!(edge("add", "collect"), [false]);
    assert_eq!(edge("collect", "sum"), [false]);
    assert_eq!(edge("fold", "add_3"), [false]);

    let mermaid = graph.to_mermaid();
    assert!(mermaid.starts_with("flowchart TD\n"), "{mermaid}");
    assert!(mermaid.contains("n0[\"say #quot;hi#quot;\"]"), "{mermaid}");
    assert!(mermaid.contains("n1 ==> n2") && mermaid.contains("n0 --> n1"), "{mermaid}");
    let dot = graph.to_dot();
    assert!(dot.starts_with("digraph job {") && dot.ends_with("}\n"), "{dot}");
    assert!(dot.contains(r#"n0 [label="say \"hi\""];"#), "{dot}");
    assert!(dot.contains("n1 -> n2 [style=bold];") && dot.contains("n0 -> n1;"), "{dot}");
    assert!(!graph.edges().is_empty() && drawn().check().is_ok());
}

#[op(max_concurrent = 8, pool = "api", weight = 2, max_retries = 3, idle_timeout = "5s")]
async fn ruled(ctx: OpContext, x: u64) -> Result<u64, OpError> {
    ctx.heartbeat();
    Ok(x)
}

#[test]
fn a_graph_has_the_scopes_of_its_nodes_and_how_their_steps_are_run() {
    let job = Job::compose("ruled", || {
        let values = count(2).window(16).max_concurrent(4);
        values.map(|x| ruled(x).timeout(secs(1))).batch(3).map(sum);
    });
    let graph = job.graph();
    let [job, keys, batches] = graph.scopes() else { panic!("{:?}", graph.scopes()) };
    assert_eq!((job.source(), job.parent()), (&ScopeSource::Job, None));
    let ScopeSource::Keys { node: 0, output: "output", .. } = keys.source() else {
        panic!("{keys:?}")
    };
    assert_eq!((keys.parent(), keys.window(), keys.max_concurrent()), (Some(0), Some(16), Some(4)));
    let ScopeSource::Batch { of, size: 3, .. } = batches.source() else { panic!("{batches:?}") };
    assert_eq!((of.as_slice(), batches.parent()), (&[1][..], Some(0)));
    let [count, ruled, sum] = graph.nodes() else { panic!("{:?}", graph.nodes()) };
    assert_eq!((count.scope(), ruled.scope(), sum.scope(), sum.op()), (0, 1, 2, Some("sum")));
    assert_eq!((ruled.max_concurrent(), ruled.pool()), (Some(8), Some(("api", 2))));
    assert_eq!(ruled.retry().map(RetryPolicy::max_retries), Some(3));
    assert_eq!((ruled.timeout(), ruled.idle_timeout()), (Some(secs(1)), Some(secs(5))));
    assert!(count.retry().is_none() && count.pool().is_none());
}

#[test]
fn a_map_calls_its_closure_once() {
    let mut calls = 0;
    let job = Job::compose("calls", || {
        count(10).map(|x| {
            calls += 1;
            echo(x)
        })
    });
    assert!(job.check().is_ok());
    assert_eq!(calls, 1);
}
