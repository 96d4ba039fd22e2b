//! What is above and below the steps that a selection names.

use dynagraph::prelude::*;

use super::super::support::ignore;
use super::{Calls, called, clean, grand_total, nested, offices, publish, regions, score, total};

#[tokio::test(start_paused = true)]
async fn below_are_the_steps_with_the_same_keys_and_those_that_gather_them() {
    let below = ["clean[us/1]", "grand_total", "publish", "score[us/1]", "total[us]"];
    assert_eq!(called(&nested(), "clean[us/1]+").await, below);
}

#[tokio::test(start_paused = true)]
async fn below_a_copy_are_all_copies_inside_of_it() {
    let below = called(&nested(), "offices[us]+").await;
    let expected = [
        "clean[us/1]",
        "clean[us/2]",
        "grand_total",
        "offices[us]",
        "publish",
        "score[us/1]",
        "score[us/2]",
        "total[us]",
    ];
    assert_eq!(below, expected);
}

#[tokio::test(start_paused = true)]
async fn above_are_the_steps_with_the_same_keys_and_those_around() {
    let above = ["clean[us/1]", "offices[us]", "regions", "score[us/1]"];
    assert_eq!(called(&nested(), "+score[us/1]").await, above);
}

#[tokio::test(start_paused = true)]
async fn above_what_gathers_are_all_copies() {
    let above = called(&nested(), "+total[eu]").await;
    let copies = ["clean", "score"].map(|op| (1..=3).map(move |n| format!("{op}[eu/{n}]")));
    let mut expected: Vec<_> = copies.into_iter().flatten().collect();
    expected.extend(["offices[eu]", "regions", "total[eu]"].map(str::to_owned));
    expected.sort();
    assert_eq!(above, expected);
}

#[tokio::test(start_paused = true)]
async fn above_and_below_are_asked_for_together() {
    let both = ["clean[us/2]", "grand_total", "offices[us]", "publish", "regions"];
    let mut both: Vec<_> = both.map(str::to_owned).into();
    both.extend(["score[us/2]", "total[us]"].map(str::to_owned));
    assert_eq!(called(&nested(), "+score[us/2]+").await, both);
}

#[op]
async fn is_good(ctx: OpContext, calls: Resource<Calls>, x: u64) -> bool {
    calls.say(&ctx);
    x != 2
}

#[tokio::test(start_paused = true)]
async fn a_filter_is_passed_by_its_key_alone() {
    let job = Job::compose("filtered", || {
        let good = offices(3).map(clean).filter(is_good).map(score);
        total(good.collect())
    });
    assert_eq!(called(&job, "clean[3]+").await, ["clean[3]", "is_good[3]", "score[3]", "total"]);
    assert_eq!(called(&job, "+score[1]").await, ["clean[1]", "is_good[1]", "offices", "score[1]"]);
    assert_eq!(called(&job, "is_good[2]+").await, ["is_good[2]", "total"]);
}

#[op]
async fn join(ctx: OpContext, calls: Resource<Calls>, pair: (u64, u64)) -> u64 {
    calls.say(&ctx);
    pair.0 + pair.1
}

#[tokio::test(start_paused = true)]
async fn a_zip_is_passed_by_its_key_alone() {
    let job = Job::compose("zipped", || {
        let left = offices(3).map(clean);
        let right = offices(3).map(score);
        total(left.zip(right).map(join).collect())
    });
    assert_eq!(called(&job, "clean[2]+").await, ["clean[2]", "join[2]", "total"]);
    let above = ["clean[3]", "join[3]", "offices", "offices_2", "score[3]"];
    assert_eq!(called(&job, "+join[3]").await, above);
}

#[op]
async fn add(ctx: OpContext, calls: Resource<Calls>, a: u64, b: u64) -> u64 {
    calls.say(&ctx);
    a + b
}

#[tokio::test(start_paused = true)]
async fn a_flattened_handle_is_zipped_by_its_path() {
    let job = Job::compose("flattened", || {
        let left = regions().map(|region| offices(region).map(clean)).flatten();
        let right = regions().map(|region| offices(region).map(score)).flatten();
        left.zip(right).map(join).collect()
    });
    assert_eq!(called(&job, "clean[us/2]+").await, ["clean[us/2]", "join[us/2]"]);
    let above = ["join[eu/*]"].map(|join| format!("+{join}"));
    assert_eq!(called(&job, &above[0]).await.len(), 3 + 3 + 3 + 2 + 2);
}

#[tokio::test(start_paused = true)]
async fn the_product_of_two_fan_outs_is_passed_by_either_key() {
    let job = Job::compose("product", || {
        let left = offices(2).map(clean);
        let right = offices(3).map(score);
        let sums = left.map(|a| right.map(|b| add(a, b)));
        ignore(sums);
    });
    let below = ["add[2/1]", "add[2/2]", "add[2/3]", "clean[2]"];
    assert_eq!(called(&job, "clean[2]+").await, below);
    assert_eq!(called(&job, "score[3]+").await, ["add[1/3]", "add[2/3]", "score[3]"]);
    let above = ["add[2/3]", "clean[2]", "offices", "offices_2", "score[3]"];
    assert_eq!(called(&job, "+add[2/3]").await, above);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_needs_all_copies_is_below_each() {
    let job = Job::compose("staged", || {
        let scored = offices(3).map(score);
        let all = total(scored.collect());
        ignore(scored.map(|x| add(x, all)));
    });
    let below = ["add[1]", "add[2]", "add[3]", "score[2]", "total"];
    assert_eq!(called(&job, "score[2]+").await, below);
    let above = ["add[2]", "offices", "score[1]", "score[2]", "score[3]", "total"];
    assert_eq!(called(&job, "+add[2]").await, above);
}

#[tokio::test(start_paused = true)]
async fn an_order_is_followed_as_data_is() {
    let job = Job::compose("ordered", || {
        let first = publish(1);
        ignore(grand_total(Vec::new()).after(first));
    });
    assert_eq!(called(&job, "publish+").await, ["grand_total", "publish"]);
    assert_eq!(called(&job, "+grand_total").await, ["grand_total", "publish"]);
}

#[tokio::test(start_paused = true)]
async fn batches_have_other_keys_than_their_values() {
    let job = Job::compose("batched", || ignore(offices(3).map(clean).batch(2).map(total)));
    assert_eq!(called(&job, "clean[1]+").await, ["clean[1]", "total[0]", "total[1]"]);
    assert_eq!(called(&job, "total[1]").await, ["total[1]"]);
}
