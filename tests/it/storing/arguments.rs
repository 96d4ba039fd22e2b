//! What a stored run says of its job's arguments.

use std::sync::{Arc, Mutex};

use dynagraph::prelude::*;
use dynagraph::registry::{self, Arguments, Shown};
use dynagraph::store::{MemoryStore, RunStore as _};
use dynagraph::{EventKind, RunId};

#[op]
fn shelve(book: String, tags: Vec<String>) -> String {
    format!("{book} {tags:?}")
}

/// A job that is made of text.
#[job]
fn shelving(tags: Vec<String>, book: String) -> OutputHandle<String> {
    shelve(book, tags)
}

fn made_of(arguments: &[(&str, &str)]) -> Job<Shown> {
    let jobs = registry::jobs();
    let job = jobs.iter().find(|job| job.name() == "shelving").unwrap();
    job.make(&arguments.iter().copied().collect::<Arguments>()).unwrap()
}

fn stored(store: &MemoryStore) -> Vec<String> {
    let run = store.last_run("shelving").unwrap().unwrap();
    run.arguments.iter().map(|(name, text)| format!("{name}={text}")).collect()
}

#[tokio::test]
async fn a_run_of_a_registered_job_has_its_arguments_in_the_order_of_the_parameters() {
    let store = MemoryStore::new();
    let job = made_of(&[("book", "Emma"), ("tags", "old"), ("tags", "a=b")]);
    job.run().store(store.clone()).await.unwrap();
    assert_eq!(stored(&store), ["tags=old", "tags=a=b", "book=Emma"]);
}

#[tokio::test]
async fn a_run_keeps_its_arguments_until_it_goes_on_with_others() {
    let store = MemoryStore::new();
    let resume = |job: Job<Shown>| job.run().store(store.clone()).resume_last();
    made_of(&[("book", "Emma"), ("tags", "old")]).run().store(store.clone()).await.unwrap();
    // Nobody knows of what text this one is made.
    let job = shelving(Vec::new(), "Persuasion".to_owned());
    job.run().store(store.clone()).resume_last().await.unwrap();
    assert_eq!(stored(&store), ["tags=old", "book=Emma"]);
    resume(made_of(&[("book", "Persuasion")])).await.unwrap();
    assert_eq!(stored(&store), ["book=Persuasion"]);
}

#[tokio::test]
async fn the_first_event_says_which_run_it_is() {
    let seen = Arc::new(Mutex::new(None::<RunId>));
    let told = Arc::clone(&seen);
    let run = shelving(Vec::new(), String::new()).run().on_event(move |event| {
        if let EventKind::RunStart { run, .. } = event.kind {
            *told.lock().unwrap() = Some(run);
        }
    });
    let report = run.report().await;
    assert_eq!(*seen.lock().unwrap(), Some(report.id()));
}
