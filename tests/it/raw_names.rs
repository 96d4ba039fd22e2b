//! An op may be called as a keyword is.

use dynagraph::prelude::*;

#[op]
fn r#match(r#in: u64) -> u64 {
    r#in
}

#[op(out(r#type, rest))]
fn r#loop<T: Clone>(r#in: T) -> (T, Vec<DynamicOutput<T>>) {
    (r#in.clone(), vec![DynamicOutput::new(r#in, 1)])
}

#[job]
fn r#async() -> (OutputHandle<u64>, DynamicHandle<u64>) {
    let outs = r#loop(1);
    (r#match(outs.r#type), outs.rest.map(r#match))
}

#[tokio::test]
async fn an_op_and_a_job_have_raw_names() {
    let job = r#async();
    assert_eq!((job.name(), <r#match as Op>::NAME, r#match::call(1)), ("async", "match", 1));
    let report = job.run().keep_steps(true).report().await;
    let keys: Vec<_> = report.steps().map(dynagraph::StepReport::key).collect();
    assert_eq!(keys, ["loop", "match", "match_2[1]"]);
}
