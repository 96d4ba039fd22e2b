//! S35: Ctrl-C, in a process of its own: whoever listens for it once changes what it does for good.

use std::process::Stdio;
use std::thread;

use dynagraph::cli::{Cli, Exit};
use dynagraph::prelude::*;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

#[op]
#[expect(clippy::print_stdout, reason = "a child process speaks by printing")]
async fn waits(ctx: OpContext, deaf: bool) -> u8 {
    println!("ready");
    ctx.canceled().await;
    println!("told");
    if deaf { std::future::pending().await } else { 1 }
}

/// A thread that blocks cannot be aborted.
#[op]
fn blocks() {
    thread::park();
}

#[op]
fn after(number: u8) -> u8 {
    number
}

#[job]
fn waiting(deaf: bool) -> OutputHandle<u8> {
    if deaf {
        blocks();
    }
    after(waits(deaf))
}

const ARGUMENTS: &str = "DYNAGRAPH_TEST_ARGUMENTS";

#[test]
#[ignore = "it is what the child process of the tests below does"]
fn child() {
    let arguments = std::env::var(ARGUMENTS).unwrap_or_default();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (mut output, mut messages) = (std::io::stdout(), std::io::sink());
    let run = Cli::new().configure(|run| run.grace(hours(1))).run_from(
        arguments.split(' '),
        &mut output,
        &mut messages,
    );
    let exit = runtime.block_on(run);
    runtime.shutdown_background();
    #[expect(clippy::exit, reason = "a status is what is asked for")]
    std::process::exit(exit.status().into());
}

/// Calls the program in a process of its own.
pub(crate) fn spawn(arguments: &str) -> Child {
    Command::new(std::env::current_exe().expect("a path to itself"))
        .args(["--ignored", "--exact", "ctrl_c::child", "--nocapture"])
        .env(ARGUMENTS, arguments)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("a child")
}

/// Runs the child, and presses Ctrl-C whenever it has said one of these.
async fn pressed(arguments: &str, when: &[&str]) -> Option<i32> {
    let mut child = spawn(arguments);
    let id = child.id().expect("an id").to_string();
    let mut lines = BufReader::new(child.stdout.take().expect("an output")).lines();
    while let Some(line) = lines.next_line().await.expect("lines") {
        if when.contains(&line.as_str()) {
            assert!(
                Command::new("kill").args(["-INT", &id]).status().await.expect("kill").success()
            );
        }
    }
    child.wait().await.expect("an end").code()
}

/// S35
#[tokio::test]
async fn the_first_ctrl_c_cancels_the_run() {
    let status = pressed("shop run waiting --arg deaf=false", &["ready"]).await;
    assert_eq!(status, Some(Exit::Canceled.status().into()));
}

/// S35
#[tokio::test]
async fn the_second_ctrl_c_ends_it_at_once() {
    let status = pressed("shop run waiting --arg deaf=true", &["ready", "told"]).await;
    assert_eq!(status, Some(Exit::Canceled.status().into()));
}
