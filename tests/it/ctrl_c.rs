//! S35: Ctrl-C, in a process of its own: whoever listens for it once changes what it does for good.

#![cfg(unix)]
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a child process speaks by printing")]

use std::process::{Command, Stdio};
use std::time::Duration;

use dynagraph::prelude::*;
use dynagraph::store::MemoryStore;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use crate::faulty_store::{Fault, FaultyStore};
use crate::support::{count, process};

/// Says that it is there, and ends when its run does; some never do.
#[op]
async fn waits(ctx: OpContext, deaf: bool, x: u64) -> u64 {
    if x == 1 {
        println!("ready");
    }
    ctx.canceled().await;
    println!("told {x}");
    if deaf && x == 1 {
        std::future::pending::<()>().await;
    }
    x
}

#[job]
fn waiting(deaf: bool) {
    count(2).map(|x| waits(deaf, x));
}

const DEAF: &str = "DYNAGRAPH_TEST_DEAF";

#[tokio::test]
#[ignore = "it is what the child process of the tests below does"]
async fn child() {
    let deaf = std::env::var(DEAF).unwrap() == "yes";
    // Nobody waits for so long: what is to be aborted is, or the test hangs.
    let run = waiting(deaf).run().cancel_on_ctrl_c().grace(Duration::from_secs(3_600));
    let report = run.report().await;
    let canceled = report.count("waits", StepStatus::Canceled);
    println!("{:?} {canceled}", report.status());
}

#[tokio::test]
#[ignore = "it is what the child process of a test below does"]
async fn slow_child() {
    let store = FaultyStore::new(MemoryStore::new(), Fault::Slow);
    let run = waiting(false).run().store(store).cancel_on_ctrl_c();
    let report = run.report().await;
    println!("{:?}", report.status());
}

/// Runs a child, and presses Ctrl-C whenever it has said one of these; then it may read a line.
async fn pressed(test: &str, deaf: &str, when: &[&str]) -> Vec<String> {
    let mut child = tokio::process::Command::from(process(test))
        .env(DEAF, deaf)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let id = child.id().unwrap().to_string();
    let (mut said, mut input) = (Vec::new(), child.stdin.take().unwrap());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if when.contains(&line.as_str()) {
            assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
            // A child that has ended reads nothing.
            drop(input.write_all(b"\n").await);
        }
        said.push(line);
    }
    assert!(child.wait().await.unwrap().success());
    said
}

/// S35
#[tokio::test]
async fn the_first_ctrl_c_lets_what_runs_end() {
    let said = pressed("ctrl_c::child", "no", &["ready"]).await;
    assert!(said.contains(&"told 0".to_owned()) && said.contains(&"told 1".to_owned()), "{said:?}");
    assert!(said.contains(&"Success 0".to_owned()), "{said:?}");
}

/// S35
#[tokio::test]
async fn the_second_ctrl_c_aborts() {
    let said = pressed("ctrl_c::child", "yes", &["ready", "told 1"]).await;
    assert!(said.contains(&"Canceled 1".to_owned()), "{said:?}");
}

/// S35
#[tokio::test]
async fn ctrl_c_is_heard_while_the_store_is_opened() {
    let said = pressed("ctrl_c::slow_child", "no", &["opening"]).await;
    // Its steps wait until they are told, and those that have begun by then succeed.
    let has_ended = |said: &String| said == "Canceled" || said == "Success";
    assert!(said.iter().any(has_ended), "{said:?}");
}
