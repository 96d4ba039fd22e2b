//! Spans: what an op logs carries its run, step and attempt.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use dynagraph::prelude::*;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber, info};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use crate::support::{count, process, sum};

/// Notes every event with the spans around it, outermost first.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

/// The fields of a span, as text.
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "run_id" {
            assert_eq!(format!("{value:?}").len(), 32);
        } else if field.name() == "message" {
            write!(self.0, "{value:?}").unwrap();
        } else {
            write!(self.0, " {}={value:?}", field.name()).unwrap();
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields(attributes.metadata().name().to_owned());
        attributes.record(&mut fields);
        context.span(id).unwrap().extensions_mut().insert(fields);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = String::new();
        for span in context.event_scope(event).unwrap().from_root() {
            write!(line, "{} > ", span.extensions().get::<Fields>().unwrap().0).unwrap();
        }
        let mut message = Fields(line);
        event.record(&mut message);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(message.0);
    }
}

#[op]
async fn logs(ctx: OpContext, x: u64) -> Result<u64, String> {
    info!("before");
    tokio::task::yield_now().await;
    info!("after");
    if ctx.attempt() == 1 { Err("once more".to_owned()) } else { Ok(x) }
}

#[op(inline)]
fn logs_inline(x: u64) -> u64 {
    info!("inline");
    x
}

#[job]
fn logging() -> OutputHandle<u64> {
    let each = count(1).map(|x| logs_inline(logs(x).retry(RetryPolicy::new(1))));
    logs_inline(sum(each.collect())).alias("last")
}

/// Whichever thread comes to a span first decides for all whether anybody wants it: other tests must not.
#[test]
fn what_an_op_logs_carries_its_run_step_and_attempt() {
    assert!(process("spans::alone").status().is_ok_and(|status| status.success()));
}

#[tokio::test]
#[ignore = "it needs a process of its own, which the test above gives it"]
async fn alone() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::registry().with(lines.clone());
    let _default = tracing::subscriber::set_default(subscriber);
    assert_eq!(logging().run().await.unwrap(), 0);
    let lines = lines.0.lock().unwrap_or_else(PoisonError::into_inner);
    let run = r#"run job="logging" > "#;
    assert_eq!(
        *lines,
        [
            format!("{run}step step=logs[0] attempt=1 > before"),
            format!("{run}step step=logs[0] attempt=1 > after"),
            format!("{run}step step=logs[0] attempt=2 > before"),
            format!("{run}step step=logs[0] attempt=2 > after"),
            format!("{run}step step=logs_inline[0] attempt=1 > inline"),
            format!("{run}step step=last attempt=1 > inline"),
        ]
    );
}
