//! orka: a pipeline run for each key by `FanOut`, each on a task of tokio; a value is in the run's context.

use std::sync::Arc;

use orka::{FanOut, OrkaError, Pipeline, PipelineControl, TokioSpawner};

use crate::work::{Increment, Tally, Work};

#[derive(Clone)]
struct Context<O> {
    x: u64,
    outcome: Option<O>,
}

pub(crate) async fn map<W: Work>(n: u64) -> Result<Tally, String> {
    let mut pipeline = Pipeline::<Context<W::Output>, OrkaError>::new(["call"]);
    pipeline.on_root("call", |ctx| async move {
        let x = ctx.with_ref(|context| context.x);
        let outcome = W::call(x).await;
        ctx.with_mut(|context| context.outcome = Some(outcome));
        Ok(PipelineControl::Continue)
    });
    fan_out(pipeline, n, W::CONCURRENT).await
}

pub(crate) async fn chain(n: u64) -> Result<Tally, String> {
    let steps = ["first", "second", "third"];
    let mut pipeline = Pipeline::<Context<u64>, OrkaError>::new(steps);
    for step in steps {
        pipeline.on_root(step, |ctx| async move {
            let x = ctx.with_ref(|context| context.outcome.unwrap_or(context.x));
            let outcome = Increment::call(x).await;
            ctx.with_mut(|context| context.outcome = Some(outcome));
            Ok(PipelineControl::Continue)
        });
    }
    fan_out(pipeline, n, Increment::CONCURRENT).await
}

async fn fan_out<O: crate::work::Outcome>(
    pipeline: Pipeline<Context<O>, OrkaError>,
    n: u64,
    concurrent: usize,
) -> Result<Tally, String> {
    let fan_out =
        FanOut::new(Arc::new(pipeline)).spawner(Arc::new(TokioSpawner)).max_concurrent(concurrent);
    let results = fan_out.run((0..n).map(|x| Context { x, outcome: None })).await;
    let mut tally = Tally::default();
    for context in results.oks() {
        let outcome = context.with_mut(|context| context.outcome.take());
        tally = tally.with(outcome.ok_or("no outcome")?);
    }
    Ok(tally)
}
