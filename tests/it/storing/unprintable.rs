//! Errors whose `Display` panics or fails, in runs whose store is told what they say.

use std::fmt;

use dynagraph::StepStatus;
use dynagraph::prelude::*;
use dynagraph::store::{MemoryStore, RunState, RunStore};

use super::{Calls, session};

/// What its `Display` does.
#[derive(Debug, Clone, Copy)]
enum Unprintable {
    Panics,
    Fails,
}

impl std::error::Error for Unprintable {}

impl fmt::Display for Unprintable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panics => panic!("on purpose"),
            Self::Fails => Err(fmt::Error),
        }
    }
}

#[op]
fn three() -> Vec<DynamicOutput<u64>> {
    (0..3).map(|i| DynamicOutput::new(i, i)).collect()
}

#[op]
async fn fails(x: u64) -> Result<u64, Unprintable> {
    match x {
        0 => Err(Unprintable::Panics),
        1 => Err(Unprintable::Fails),
        x => Ok(x),
    }
}

#[op]
fn other(ctx: OpContext, calls: Resource<Calls>) -> u64 {
    calls.say(&ctx);
    7
}

/// S26
#[tokio::test(start_paused = true)]
async fn an_error_that_cannot_be_printed_fails_its_step_and_nothing_else() {
    for retries in [0, 2] {
        let job = Job::compose("job", || {
            let copies = three().map(|x| fails(x).retry(RetryPolicy::new(retries)));
            (copies.collect(), fails(1), other())
        });
        let store = MemoryStore::new();
        let (report, _) = session(job.run().store(store.clone())).await;
        assert!(matches!(report.error(), Some(RunError::Failed(_))));
        assert_eq!(report.count("fails", StepStatus::Failure), 2);
        assert_eq!(report.count("fails", StepStatus::Success), 1);
        assert_eq!(report.count("fails_2", StepStatus::Failure), 1);
        let state = &store.runs().unwrap()[0].state;
        assert!(matches!(state, RunState::Ended { status: RunStatus::Failure, .. }));
        let stored = store.read(report.id()).unwrap();
        assert_eq!(stored.steps().filter(|step| step.status == StepStatus::Failure).count(), 3);
    }
}
