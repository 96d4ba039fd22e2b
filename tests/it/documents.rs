//! The programs of the API document: they compile, and do what they say.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use dynagraph::prelude::*;
use dynagraph::{RunError, RunReport, RunStatus, StepStatus};
use futures::{Stream, stream};

#[derive(Debug, Clone, PartialEq)]
struct Piece(u64);

#[derive(Debug, Clone, PartialEq)]
struct Score(u64);

#[derive(Debug, Clone, PartialEq)]
struct Report(u64);

/// The error of a library that knows nothing of dynagraph.
#[derive(Debug)]
struct LoadError;

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot load")
    }
}

impl std::error::Error for LoadError {}

#[op]
fn compute_piece(piece: Piece) -> Score {
    Score(piece.0 * 10)
}

#[op]
async fn fetch(url: String) -> Result<String, LoadError> {
    tokio::task::yield_now().await;
    if url.is_empty() { Err(LoadError) } else { Ok(format!("<{url}>")) }
}

#[op]
fn merge(scores: &[Score]) -> Report {
    Report(scores.iter().map(|score| score.0).sum())
}

#[op]
async fn load_big_data() -> Result<Vec<u64>, LoadError> {
    Ok(vec![1, 2, 3])
}

#[op]
async fn load_pieces(pieces: DynamicOut<Piece>) -> Result<(), OpError> {
    let large = load_big_data::call().await?;
    for (idx, piece) in large.into_iter().enumerate() {
        pieces.emit(Piece(piece), idx).await?;
    }
    Ok(())
}

#[job]
fn dynamic_graph() -> OutputHandle<Report> {
    let pieces = load_pieces();
    let results = pieces.map(compute_piece);
    merge(results.collect())
}

#[tokio::test]
async fn a_job_fans_out_and_in() -> Result<(), RunError> {
    assert_eq!(dynamic_graph().run().await?, Report(60));
    Ok(())
}

#[test]
fn the_function_of_an_op_can_be_called() {
    assert_eq!(compute_piece::call(Piece(4)), Score(40));
    assert_eq!(merge::call(&[Score(1), Score(2)]), Report(3));
    assert_eq!(<compute_piece as Op>::NAME, "compute_piece");
    scores::<compute_piece>();
}

fn scores<O: Op<Inputs = (Piece,), Output = Score>>() {}

#[test]
fn an_op_called_outside_a_job_says_what_to_write() {
    let message = std::panic::catch_unwind(|| compute_piece(Piece(1))).unwrap_err();
    let message = message.downcast::<String>().unwrap();
    assert!(message.contains("compute_piece::call"), "{message}");
}

#[op]
async fn expensive_processing(data: Vec<u64>) -> Vec<u64> {
    data.into_iter().map(|number| number * 2).collect()
}

#[op]
fn analyze(data: &[u64]) -> Report {
    Report(data.iter().sum())
}

#[job]
fn naive() -> OutputHandle<Report> {
    analyze(expensive_processing(load_big_data()))
}

#[tokio::test]
async fn a_job_without_a_fan_out_is_a_chain() {
    assert_eq!(naive().run().await.unwrap(), Report(12));
}

#[op]
fn dynamic_values() -> Vec<DynamicOutput<i64>> {
    (1..=3).map(|idx| DynamicOutput::new(idx, format!("num_{idx}"))).collect()
}

#[op]
fn echo(val: i64) -> i64 {
    val
}

#[op]
fn one() -> i64 {
    1
}

#[op]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[op]
fn process(values: Vec<i64>) -> i64 {
    values.into_iter().sum()
}

#[job]
fn chained() {
    dynamic_values().map(echo).map(echo).map(echo);
}

#[job]
fn chained_alt() {
    dynamic_values().map(|val| {
        let a = echo(val);
        let b = echo(a);
        echo(b)
    });
}

/// Both spellings are one graph, and every op that is called runs, although nothing uses it.
#[tokio::test]
async fn a_chain_may_be_written_in_two_ways() {
    for job in [chained(), chained_alt()] {
        let report = job.run().keep_values(true).report().await;
        assert_eq!(report.status(), RunStatus::Success);
        for node in ["echo", "echo_2", "echo_3"] {
            assert_eq!(report.count(node, StepStatus::Success), 3, "{node}");
        }
        assert_eq!(report.values::<echo>().values().sum::<i64>(), 18);
    }
}

#[job]
fn other_arg() -> DynamicHandle<i64> {
    let non_dynamic = one();
    dynamic_values().map(|val| add(val, non_dynamic))
}

#[tokio::test]
async fn a_map_takes_other_arguments() {
    let sums = other_arg().run().await.unwrap();
    let expected: Keyed<i64> = [("num_1", 2), ("num_2", 3), ("num_3", 4)].into_iter().collect();
    assert_eq!(sums, expected);
}

#[op]
async fn multiple_dynamic_values(
    values: DynamicOut<i64>,
    negatives: DynamicOut<i64>,
) -> Result<(), OpError> {
    for i in 0..2 {
        values.emit(i, format!("num_{i}")).await?;
        negatives.emit(-i, format!("neg_{i}")).await?;
    }
    Ok(())
}

#[job]
fn multiple() -> (OutputHandle<i64>, OutputHandle<i64>, OutputHandle<i64>) {
    let (values, negatives) = multiple_dynamic_values().into();
    let by_order = process(negatives.map(echo).collect());
    values.map(echo);
    let outs = multiple_dynamic_values();
    (by_order, process(outs.values.collect()), process(outs.negatives.map(echo).collect()))
}

#[tokio::test]
async fn an_op_has_several_dynamic_outputs() {
    assert_eq!(multiple().run().await.unwrap(), (-1, 1, -1));
}

#[op(out(total, parts))]
fn split(text: &str) -> (usize, Vec<DynamicOutput<String>>) {
    let parts = text.split(' ').map(|part| DynamicOutput::new(part.to_owned(), part));
    (text.len(), parts.collect())
}

#[op]
fn length(text: &str) -> usize {
    text.len()
}

#[job]
fn splitting(text: String) -> (OutputHandle<usize>, DynamicHandle<usize>) {
    let outs = split(text);
    (outs.total, outs.parts.map(length))
}

#[tokio::test]
async fn an_op_has_plain_and_dynamic_outputs_by_name() {
    let (total, parts) = splitting("a bb ccc".to_owned()).run().await.unwrap();
    assert_eq!(total, 8);
    assert_eq!((parts["a"], parts["bb"], parts["ccc"]), (1, 2, 3));
}

#[op]
fn walk(files: DynamicOut<PathBuf>) -> io::Result<()> {
    for name in ["src/lib.rs", "src/main.rs"] {
        let path = PathBuf::from(name);
        files.blocking_emit(path.clone(), path.display().to_string())?;
    }
    Ok(())
}

#[op]
fn numbers() -> impl Stream<Item = DynamicOutput<i64>> {
    stream::iter((0..3).map(|i| DynamicOutput::new(i, i)))
}

#[op]
fn depth(path: &std::path::Path) -> usize {
    path.components().count()
}

#[job]
fn walking() -> (DynamicHandle<usize>, DynamicHandle<i64>) {
    (walk().map(depth), numbers().map(echo))
}

#[tokio::test]
async fn ops_emit_while_they_block_and_as_streams() {
    let (depths, numbers) = walking().run().await.unwrap();
    assert_eq!(depths["src/main.rs"], 2);
    assert_eq!(numbers.into_values().collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn an_op_that_emits_is_tested_by_capturing() -> io::Result<()> {
    let (out, emitted) = DynamicOut::capture();
    walk::call(out)?;
    let emitted = emitted.into_keyed();
    assert_eq!(emitted["src/lib.rs"], PathBuf::from("src/lib.rs"));
    assert_eq!(emitted.len(), 2);
    Ok(())
}

#[derive(Debug)]
struct Bucket(HashMap<&'static str, u64>);

#[op]
async fn upload(ctx: OpContext, bucket: Resource<Bucket>, page: String) -> Result<u64, OpError> {
    let number = bucket.0.get(&*page).ok_or_else(|| format!("no {page} for {}", ctx.step_key()))?;
    Ok(*number)
}

#[tokio::test]
async fn an_op_with_a_context_and_a_resource_is_tested_without_a_job() {
    let bucket = || Resource::new(Bucket([("a", 1)].into_iter().collect()));
    assert_eq!(upload::call(OpContext::for_test(), bucket(), "a".to_owned()).await.unwrap(), 1);
    let error = upload::call(OpContext::for_test(), bucket(), "b".to_owned()).await.unwrap_err();
    assert_eq!(error.to_string(), "no b for test");
}

/// A reusable part of a graph is a function of handles.
fn fetch_and_upload(url: OutputHandle<String>) -> OutputHandle<u64> {
    upload(fetch(url))
}

#[op]
fn urls(limit: usize) -> Vec<DynamicOutput<String>> {
    let urls = ["a", "b", "c"].into_iter().take(limit);
    urls.map(|url| DynamicOutput::new(url.to_owned(), url)).collect()
}

#[job]
fn etl(first: String, limit: usize) -> (OutputHandle<u64>, OutputHandle<Vec<u64>>) {
    let uploaded = urls(limit).map(fetch_and_upload);
    (upload(first), uploaded.collect())
}

#[tokio::test]
async fn a_job_has_parameters_and_calls_functions_that_compose() {
    let report: RunReport<(u64, Vec<u64>)> = etl("<c>".to_owned(), 2)
        .run()
        .resource(Bucket([("<a>", 1), ("<b>", 2), ("<c>", 3)].into_iter().collect()))
        .max_concurrent(64)
        .fail_fast(true)
        .keep_steps(true)
        .keep_values(true)
        .report()
        .await;
    assert_eq!(report.status(), RunStatus::Success);
    assert_eq!(report.output(), Some(&(3, vec![1, 2])));
    assert!(report.error().is_none());
    assert_eq!(report.failures().count(), 0);
    let step = report.step("fetch[b]").unwrap();
    assert_eq!((step.key(), step.op(), step.attempts()), ("fetch[b]", "fetch", 1));
    assert_eq!(step.status(), StepStatus::Success);
    assert!(step.error().is_none() && step.started().is_some() && step.duration().is_some());
    assert_eq!(report.count("fetch", StepStatus::Success), 2);
    assert_eq!(report.values::<fetch>()["b"], "<b>");
    assert_eq!(report.into_result().unwrap(), (3, vec![1, 2]));
}

#[tokio::test]
async fn a_started_run_is_waited_for() {
    let run = dynamic_graph().run().start();
    let report = run.wait().await;
    assert_eq!(report.output(), Some(&Report(60)));
}

#[tokio::test]
async fn one_job_runs_many_times() {
    let job = dynamic_graph();
    let (a, b) = tokio::join!(job.run(), job.run());
    assert_eq!((a.unwrap(), b.unwrap()), (Report(60), Report(60)));
    assert_eq!(job.run().await.unwrap(), Report(60));
    assert_eq!(job.name(), "dynamic_graph");
}

#[test]
fn keyed_values_are_found_by_key_and_by_order() {
    let keyed: Keyed<i64> = [("b", 1), ("a", 2)].into_iter().collect();
    assert_eq!((keyed.len(), keyed.is_empty()), (2, false));
    assert_eq!((keyed.get("a"), keyed.get("c"), keyed["b"]), (Some(&2), None, 1));
    assert_eq!(keyed.keys().map(ToString::to_string).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(keyed.values().collect::<Vec<_>>(), [&1, &2]);
    assert_eq!(keyed.iter().map(|(key, value)| (key.as_str(), *value)).last(), Some(("a", 2)));
    assert_eq!(keyed.into_iter().map(|(_, value)| value).sum::<i64>(), 3);
    assert!(Keyed::<i64>::default().is_empty());
}

#[op]
fn shared(value: Arc<Piece>) -> Arc<Piece> {
    value
}

#[job]
fn not_clone() -> OutputHandle<Arc<Piece>> {
    shared(Arc::new(Piece(1)))
}

#[tokio::test]
async fn what_is_not_clone_travels_in_an_arc() {
    assert_eq!(*not_clone().run().await.unwrap(), Piece(1));
}
