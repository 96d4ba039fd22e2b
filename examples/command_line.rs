//! The programs that are called by their command line, as processes of their own.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

const README: &str = include_str!("../README.md");

/// An example, which `cargo test` has built beside this test, about to be called.
fn program(example: &str, arguments: &str) -> Command {
    let test = env::current_exe().expect("a path to itself");
    let folder: PathBuf = test.ancestors().skip(2).take(1).collect();
    let program = folder.join("examples").join(example).with_extension(env::consts::EXE_EXTENSION);
    let mut command = Command::new(program);
    command.args(arguments.split_whitespace());
    command
}

fn call(example: &str, arguments: &str) -> Output {
    let called = program(example, arguments).output();
    called.unwrap_or_else(|error| panic!("{example}: {error}"))
}

/// What a person sees, but for how long it took.
fn seen(text: &str) -> Vec<&str> {
    text.lines().map(|line| line.split_once(" after ").map_or(line, |(line, _)| line)).collect()
}

#[test]
fn the_readme_shows_the_crawler() {
    let source = include_str!("crawler.rs").split_once("\n\n").map(|(_, source)| source);
    assert!(source.is_some_and(|source| README.contains(source)));
}

#[test]
fn the_readme_shows_what_the_crawler_says() {
    let console = README.split_once("```console\n").and_then(|(_, after)| after.split_once("```"));
    let calls = console.unwrap_or_default().0.split("$ crawler ").skip(1);
    assert_eq!(calls.clone().count(), 5);
    for call_and_answer in calls {
        let (arguments, answer) = call_and_answer.split_once('\n').unwrap_or_default();
        let Output { stdout, stderr, .. } = call("crawler", arguments);
        let said = [stderr, stdout].concat();
        assert_eq!(seen(&String::from_utf8_lossy(&said)), seen(answer), "{arguments}");
    }
}

#[test]
fn the_status_says_how_it_went() {
    let status = |arguments| call("crawler", arguments).status.code();
    assert_eq!(status("run crawl --arg count=400"), Some(0));
    assert_eq!(status("run crawl --arg count=1000"), Some(1));
    assert_eq!(status("run crawl --arg count=many"), Some(2));
    assert_eq!(status("--help"), Some(0));
}

#[test]
fn a_report_is_one_json_object_on_stdout() {
    let Output { stdout, .. } = call("crawler", "run crawl --arg count=10 --json");
    let stdout = String::from_utf8_lossy(&stdout);
    assert!(stdout.starts_with("{\n") && stdout.ends_with("\n}\n"), "{stdout}");
    assert!(stdout.contains("\"output\": \"10\""), "{stdout}");
}

#[test]
fn source_report_counts_a_folder() {
    let folder = concat!("run source_report --arg root=", env!("CARGO_MANIFEST_DIR"));
    let Output { status, stdout, stderr } = call("source_report", folder);
    assert_eq!(status.code(), Some(0), "{}", String::from_utf8_lossy(&stderr));
    let stdout = String::from_utf8_lossy(&stdout);
    assert!(stdout.contains("\nsource_report  ") && stdout.contains("\ntotal of "), "{stdout}");
}

#[test]
fn source_report_goes_on_after_it_was_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let stored = |arguments: &str| {
        let mut command = program("source_report", arguments);
        command.env("DYNAGRAPH_STORE", folder.path().join("runs.db"));
        command
    };
    let count = concat!("run source_report --arg root=", env!("CARGO_MANIFEST_DIR"));
    let whole = call("source_report", count).stdout;

    let mut killed =
        stored(count).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("a run");
    let lines = BufReader::new(killed.stderr.take().expect("messages")).lines();
    let begun = lines.map_while(Result::ok).find(|line| line.starts_with("run "));
    killed.kill().expect("a kill");
    killed.wait().expect("an end");

    let id = begun.expect("a run that began").replacen("run ", "", 1);
    let Output { status, stdout, stderr } =
        stored(&format!("resume {id}")).output().expect("a run that goes on");
    assert_eq!(status.code(), Some(0), "{}", String::from_utf8_lossy(&stderr));
    assert_eq!(String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&whole));
}
