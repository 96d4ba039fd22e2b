//! `list` and `completions`.

use dynagraph::cli::Exit;
use dynagraph::registry;
use expect_test::expect;

use crate::support::call;

#[tokio::test]
async fn list_shows_the_jobs_by_name_with_what_they_take() {
    let called = call("list").await;
    assert_eq!((called.exit, &*called.messages), (Exit::Success, ""));
    expect![[r#"
        book(name: String)
            A value that has a file of its own.
        crawl(pages_: u32, bad: Option<u32>)
            Counts pages.
        endless()
        farm(count: u32, bad: Option<u32>)
            Brings in what grows.
        hello(name: &str)
        invalid()
        jam(count: u32)
            Every jar is cooked once.
        many(shades: Vec<(u8, u8)>, argument_2: (u8, u8))
            Nobody can write pairs of numbers.
            cannot be run here: `shades` does not implement `FromStr`
            cannot be run here: `argument_2` does not implement `FromStr`
        mix(colors: Vec<Red>, parts: Vec<u8>)
        naps(words: Vec<String>)
        nothing()
        paint(color: Red)
        secret()
        shapes()
        shelf()
            Values of many kinds.
        skipped()
        stored()
        waiting(deaf: bool)
    "#]]
    .assert_eq(&called.output);
}

#[tokio::test]
async fn completions_are_for_every_shell_and_two_know_the_names_of_jobs() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let called = call(&format!("completions {shell}")).await;
        assert_eq!(called.exit, Exit::Success);
        assert!(called.output.contains("shop"), "{}", called.output);
        for known in ["resume", "spin", "why", "select"] {
            assert!(called.output.contains(known), "{shell}: {known}");
        }
        let names_jobs = called.output.contains("crawl");
        assert_eq!(names_jobs, ["bash", "zsh"].contains(&shell), "{shell}");
    }
}

#[test]
fn a_registered_job_knows_where_it_is_written() {
    let jobs = registry::jobs();
    let Some(hello) = jobs.iter().find(|job| job.name() == "hello") else { panic!("{jobs:?}") };
    let place = hello.place();
    assert_eq!(place.module, "it::jobs");
    assert!(place.file.ends_with("tests/it/jobs.rs"), "{place}");
    let source = include_str!("jobs.rs");
    let line = source.lines().nth(place.line as usize - 1);
    assert_eq!(line, Some("#[job(name = \"hello\")]"));
}
