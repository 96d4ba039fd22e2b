//! Selections that cannot be meant.

use dynagraph::prelude::*;
use dynagraph::{ConfigError, RunReport};

use super::super::support::{ignore, second};
use super::{Plus, called, nested, offices, score, session, stored, total};

async fn refused(selection: &str) -> String {
    let (report, calls) = session(nested().run().resource(Plus(0)).select(selection)).await;
    assert_eq!(calls.list(), [""; 0]);
    let Some(RunError::Config(mistakes)) = report.error() else { panic!("{report:?}") };
    assert_eq!(mistakes.len(), 1);
    mistakes[0].to_string()
}

#[tokio::test]
async fn a_selection_that_cannot_be_read_says_where_and_what_to_write() {
    assert_eq!(
        refused("clean[us/1").await,
        "`run().select(\"clean[us/1\")`, at character 6: this `[` is not closed: write `]` after \
         the keys"
    );
    assert_eq!(
        refused("").await,
        "`run().select(\"\")`, at character 1: a node's name is missing here: write it, or `*` \
         for all"
    );
}

#[tokio::test]
async fn a_node_that_the_job_does_not_have_is_named_with_those_that_it_has() {
    assert_eq!(
        refused("claen[us/*]+").await,
        "`run().select(\"claen[us/*]+\")` names the node `claen`, which the job does not have: did \
         you mean `clean`; it has `regions`, `offices`, `clean`, `score`, `total`, `grand_total`, \
         `publish`"
    );
}

#[tokio::test]
async fn the_number_of_keys_is_that_of_the_steps() {
    assert_eq!(
        refused("clean[us]").await,
        "`run().select(\"clean[us]\")` names the steps of `clean` by 1 key, and they have 2 keys: \
         for `clean[us]` write `clean[*/*]`"
    );
    let error = refused("regions[us]").await;
    assert!(error.ends_with("and they have none: for `regions[us]` write `regions`"), "{error}");
    let error = refused("total[us/1]").await;
    assert!(error.ends_with("by 2 keys, and they have 1 key: for `total[us/1]` write `total[*]`"));
}

#[tokio::test]
async fn all_mistakes_are_reported_together() {
    let run = nested().run().max_concurrent(0).select("a").select("[").select("b, clean[x]");
    let Some(RunError::Config(mistakes)) = run.report().await.error().cloned() else { panic!() };
    assert_eq!(mistakes.len(), 5);
    assert!(matches!(mistakes[1], ConfigError::UnknownNode { .. }));
    assert!(matches!(mistakes[2], ConfigError::BadSelection { at: 1, .. }));
}

fn nothing_matches<T>(report: &RunReport<T>) -> &[String] {
    assert_eq!(report.status(), RunStatus::Failure);
    let Some(RunError::NothingMatches(parts)) = report.error() else { panic!("no such error") };
    parts
}

/// Only a run knows its keys.
#[tokio::test(start_paused = true)]
async fn a_part_that_matches_no_step_is_an_error_at_the_end() {
    let job = nested();
    let run = || job.run().resource(Plus(0));
    let run = run().store(stored(&job).await).resume_last();
    let selection = "clean[us/9]+, clean[us/1], +total[asia]";
    let (report, calls) = session(run.select(selection)).await;
    assert_eq!(nothing_matches(&report), ["clean[us/9]+", "+total[asia]"]);
    assert_eq!(
        report.error().unwrap().to_string(),
        "no step matches `clean[us/9]+`, `+total[asia]`"
    );
    assert!(calls.list().contains(&"clean[us/1]".to_owned()));
}

/// S8
#[tokio::test(start_paused = true)]
async fn every_step_of_a_node_may_be_none() {
    let job = Job::compose("empty", || total(offices(0).map(score).collect()));
    assert_eq!(called(&job, "score+").await, ["total"]);
}

#[op(optional)]
fn sometimes() -> Option<u64> {
    None
}

/// S17
#[tokio::test(start_paused = true)]
async fn a_step_that_is_skipped_is_one() {
    let job = Job::compose("optional", || {
        ignore(offices(2).map(|x| second(sometimes(), x)));
    });
    let (report, _) = session(job.run().select("+second[1]")).await;
    assert_eq!(report.status(), RunStatus::Success, "{:?}", report.error());
}
