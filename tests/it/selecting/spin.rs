//! One step alone, on its stored inputs.

use dynagraph::prelude::*;
use dynagraph::store::{Codec, MemoryStore, RunState, RunStore};
use dynagraph::{ConfigError, Run, StepStatus};

use super::{Plus, clean, nested, session, stored};
use crate::faulty_store::{Fault, FaultyStore};

fn spin(store: &MemoryStore, step: &str) -> Run<u64> {
    let run = store.runs().unwrap()[0].id;
    nested().run().store(store.clone()).resource(Plus(7)).keep_steps(true).spin(run, step)
}

#[tokio::test(start_paused = true)]
async fn one_step_is_run_and_its_value_is_in_the_report() {
    let store = stored(&nested()).await;
    let (report, calls) = session(spin(&store, "clean[us/2]")).await;
    assert_eq!((report.status(), report.output()), (RunStatus::Success, None));
    assert_eq!(calls.list(), ["clean[us/2]"]);
    assert_eq!(report.values::<clean>()["us/2"], 9);
    let status = |step| report.step(step).unwrap().status();
    assert_eq!(status("clean[us/2]"), StepStatus::Success);
    assert_eq!(status("regions"), StepStatus::Cached);
    assert_eq!(status("score[us/2]"), StepStatus::Skipped);
    assert_eq!(status("clean[us/1]"), StepStatus::Skipped);
    assert_eq!(status("offices[eu]"), StepStatus::Skipped);
    assert_eq!(report.count("publish", StepStatus::Skipped), 1);
}

#[tokio::test(start_paused = true)]
async fn its_value_is_there_as_bytes() {
    let store = stored(&nested()).await;
    let (report, _) = session(spin(&store, "clean[us/2]")).await;
    let json = report.stored_value("clean[us/2]", Codec::Json).unwrap();
    assert_eq!((json.codec(), json.bytes().unwrap().as_ref()), (Codec::Json, b"9".as_slice()));
    assert!(report.stored_value("clean[us/1]", Codec::Json).is_none());
    let (report, _) = session(spin(&store, "offices[us]")).await;
    let emitted = report.stored_value("offices[us/2]", Codec::MessagePack).unwrap();
    assert_eq!(emitted.bytes().unwrap().as_ref(), [2]);
}

#[tokio::test(start_paused = true)]
async fn the_store_is_left_as_it_was() {
    let store = stored(&nested()).await;
    let shown = |store: &MemoryStore| {
        let summary = store.runs().unwrap().remove(0);
        let steps = store.read(summary.id).unwrap();
        let steps: Vec<_> = steps.steps().map(|step| format!("{step:?}")).collect();
        (format!("{summary:?}"), steps, store.runs().unwrap().len())
    };
    let before = shown(&store);
    let faulty = FaultyStore::new(store.clone(), Fault::Full);
    let run = store.runs().unwrap()[0].id;
    let full = nested().run().store(faulty).resource(Plus(7)).spin(run, "total[us]");
    let (report, calls) = session(full).await;
    assert_eq!((report.id(), report.status()), (run, RunStatus::Success));
    assert_eq!(calls.list(), ["total[us]"]);
    session(spin(&store, "regions")).await;
    assert_eq!(shown(&store), before);
}

#[op]
async fn waits(x: u64) -> u64 {
    std::future::pending::<()>().await;
    x
}

#[tokio::test(start_paused = true)]
async fn a_run_that_another_process_owns_is_looked_at_nevertheless() {
    let job = Job::compose("waits", || waits(super::publish(7)));
    let store = MemoryStore::new();
    let calls = super::Calls::default();
    let live = job.run().store(store.clone()).resource(calls.clone()).start();
    tokio::time::sleep(secs(1)).await;
    let run = store.runs().unwrap()[0].id;
    let (report, calls) = session(job.run().store(store.clone()).spin(run, "publish")).await;
    assert_eq!((report.status(), calls.list().len()), (RunStatus::Success, 1));
    assert!(matches!(store.runs().unwrap()[0].state, RunState::Live { .. }));
    drop(live);
}

#[tokio::test(start_paused = true)]
async fn an_input_that_is_not_stored_is_named() {
    let store = MemoryStore::new();
    session(nested().run().store(store.clone()).resource(Plus(0)).select("+clean[us/1]")).await;
    let (report, calls) = session(spin(&store, "total[us]")).await;
    assert_eq!(calls.list(), [""; 0]);
    let failed: Vec<_> = report.failures().map(|step| step.key().to_owned()).collect();
    assert_eq!(failed, ["clean[us/2]", "score[us/1]"]);
}

#[tokio::test(start_paused = true)]
async fn one_step_is_named_by_all_of_its_keys() {
    let store = stored(&nested()).await;
    for (step, at) in [
        ("clean[us/*]", 1),
        ("clean", 1),
        ("clean[us/1]+", 1),
        ("regions, total", 1),
        ("*", 1),
        ("clean[", 6),
    ] {
        let (report, calls) = session(spin(&store, step)).await;
        let Some(RunError::Config(mistakes)) = report.error() else { panic!("{report:?}") };
        let [ConfigError::BadSelection { at: found, .. }] = mistakes.as_slice() else {
            panic!("{mistakes:?}")
        };
        assert_eq!((*found, calls.list().len()), (at, 0), "{step}: {mistakes:?}");
    }
    let (report, _) = session(spin(&store, "clean[us/9]")).await;
    assert!(matches!(report.error(), Some(RunError::NothingMatches(_))));
}

#[tokio::test]
async fn it_needs_the_store_that_has_the_run() {
    let store = stored(&nested()).await;
    let run = store.runs().unwrap()[0].id;
    let (report, _) = session(nested().run().resource(Plus(0)).spin(run, "regions")).await;
    let error = report.error().unwrap().to_string();
    assert!(error.starts_with(&format!("`run().spin({run}, ..)` needs the store")), "{error}");
}
