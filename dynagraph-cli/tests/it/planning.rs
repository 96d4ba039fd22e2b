//! `plan`

use dynagraph::cli::Exit;
use dynagraph::prelude::*;
use expect_test::expect;

use crate::support::call;

#[tokio::test]
async fn a_plan_shows_scopes_inputs_limits_and_retries() {
    let called = call("plan crawl --arg pages_=3").await;
    assert_eq!((called.exit, &*called.messages), (Exit::Success, ""));
    expect![[r#"
        crawl
          pages
          for each key of pages  (window 8, at most 4 at once):
            fetch ← pages  (2 retries, timeout 30s, team=web)
            even ← fetch
          collect ← fetch
          total ← collect, fold
          fold ← fetch
          for each value of fold:
            add ← fetch
    "#]]
    .assert_eq(&called.output);
}

#[op(out(words, letters))]
fn cut(text: &str) -> (Vec<DynamicOutput<String>>, Vec<DynamicOutput<char>>) {
    let words = text.split(' ').map(|word| DynamicOutput::new(word.to_owned(), word));
    (words.collect(), text.chars().enumerate().map(|(at, c)| DynamicOutput::new(c, at)).collect())
}

#[op(pool = "api", weight = 2, max_retries = 1, delay = "200ms", jitter = "full")]
async fn upper(word: String) -> Result<String, OpError> {
    Ok(word.to_uppercase())
}

#[op(pool = "api", idle_timeout = "90s")]
async fn pair(_ctx: OpContext, pair: (String, String)) -> String {
    pair.0 + &pair.1
}

#[op]
fn join(words: &[String]) -> String {
    words.concat()
}

#[op]
fn letter(letter: char, word: String) -> String {
    word + &letter.to_string()
}

#[job]
fn shapes() {
    let outs = cut("a text".to_owned());
    let words = outs.words.map(upper);
    words.zip(outs.words.map(upper)).map(|both| pair(both));
    words.batch(2).map(join);
    outs.letters.map(|c| words.map(|word| letter(c, word)));
}

#[tokio::test]
async fn a_plan_shows_scopes_of_every_kind() {
    expect![[r#"
        shapes
          cut
          for each key of cut.words:
            upper ← cut  (2 slots of pool api, 1 retry after 200ms with full jitter)
            upper_2 ← cut  (2 slots of pool api, 1 retry after 200ms with full jitter)
            pair ← upper, upper_2  (pool api, idle timeout 1m 30s)
          for each 2 values of upper:
            join ← upper
          for each key of cut.letters:
            for each key of upper, again:
              letter ← cut, upper
    "#]]
    .assert_eq(&call("plan shapes").await.output);
}

#[tokio::test]
async fn a_plan_is_drawn_for_mermaid_and_for_graphviz() {
    let called = call("plan crawl --arg pages_=3 --format mermaid").await;
    assert!(called.output.starts_with("flowchart TD\n"), "{}", called.output);
    let called = call("plan --format=dot hello --arg name=you").await;
    expect![[r#"
        digraph job {
            node [shape=box];
            n0 [label="greeting"];
        }
    "#]]
    .assert_eq(&called.output);
}

#[tokio::test]
async fn a_job_that_is_not_valid_has_no_plan() {
    let called = call("plan invalid").await;
    assert_eq!((called.exit, &*called.output), (Exit::Usage, ""));
    assert!(called.messages.contains("window(0)"), "{}", called.messages);
}
