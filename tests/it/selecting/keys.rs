//! Which steps a selection names.

use super::{called, nested};

#[tokio::test(start_paused = true)]
async fn a_node_without_keys_is_every_step_of_it() {
    let clean = ["clean[eu/1]", "clean[eu/2]", "clean[eu/3]", "clean[us/1]", "clean[us/2]"];
    assert_eq!(called(&nested(), "clean").await, clean);
    assert_eq!(called(&nested(), "clean[*/*]").await, clean);
    assert_eq!(called(&nested(), "regions").await, ["regions"]);
}

#[tokio::test(start_paused = true)]
async fn a_star_is_any_text_of_one_key() {
    assert_eq!(called(&nested(), "clean[us/*]").await, ["clean[us/1]", "clean[us/2]"]);
    assert_eq!(called(&nested(), "clean[*/1]").await, ["clean[eu/1]", "clean[us/1]"]);
    assert_eq!(called(&nested(), "total[u*]").await, ["total[us]"]);
    assert_eq!(called(&nested(), "clean[e*u/3]").await, ["clean[eu/3]"]);
}

#[tokio::test(start_paused = true)]
async fn several_selections_are_one() {
    let both = ["clean[us/1]", "total[eu]"];
    assert_eq!(called(&nested(), "total[eu], clean[us/1]").await, both);
    let job = nested();
    let run = job.run().store(super::stored(&job).await).resume_last().resource(super::Plus(0));
    let (_, calls) = super::session(run.select("total[eu]").select("clean[us/1]")).await;
    assert_eq!(calls.list(), both);
}

#[tokio::test(start_paused = true)]
async fn a_star_alone_is_every_node() {
    let counts = called(&nested(), "*").await.len();
    assert_eq!(counts, 1 + 2 + 5 + 5 + 2 + 1 + 1);
}

/// S3
#[tokio::test(start_paused = true)]
async fn keys_are_written_as_step_keys_print_them() {
    use dynagraph::prelude::*;

    use super::Calls;

    #[op]
    fn files() -> Vec<DynamicOutput<u64>> {
        ["a/b", "a*", "a,b", "c"].map(|file| DynamicOutput::new(1, file)).into()
    }

    #[op]
    async fn read(ctx: OpContext, calls: Resource<Calls>, file: u64) -> u64 {
        calls.say(&ctx);
        file
    }

    let job = Job::compose("files", || files().map(read).collect());
    assert_eq!(called(&job, "read[a%2Fb]").await, ["read[a%2Fb]"]);
    assert_eq!(called(&job, "read[a%2fb]").await, ["read[a%2Fb]"]);
    assert_eq!(called(&job, "read[a%2A]").await, ["read[a%2A]"]);
    assert_eq!(called(&job, "read[a,b]").await, ["read[a,b]"]);
    assert_eq!(called(&job, "read[a*]").await, ["read[a%2A]", "read[a%2Fb]", "read[a,b]"]);
}
