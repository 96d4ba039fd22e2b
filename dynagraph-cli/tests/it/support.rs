//! Calls the program.

use dynagraph::cli::{Cli, Exit};

/// What a call came to: how it ended, its output, its messages.
pub(crate) struct Called {
    pub(crate) exit: Exit,
    pub(crate) output: String,
    pub(crate) messages: String,
}

/// Calls the program with these arguments, separated by spaces.
pub(crate) async fn call(arguments: &str) -> Called {
    call_with(Cli::new(), arguments).await
}

pub(crate) async fn call_with(cli: Cli, arguments: &str) -> Called {
    let arguments = ["/usr/bin/shop"].into_iter().chain(arguments.split_whitespace());
    let (mut output, mut messages) = (Vec::new(), Vec::new());
    let exit = cli.run_from(arguments, &mut output, &mut messages).await;
    let text = |bytes| String::from_utf8(bytes).unwrap_or_else(|error| panic!("{error}"));
    Called { exit, output: text(output), messages: without_time(&text(messages)) }
}

/// How long a run took is never the same.
fn without_time(messages: &str) -> String {
    let lines = messages.lines().map(|line| match line.split_once(" after ") {
        Some((ended, time)) if time.ends_with(" s") => format!("{ended} after a while"),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}
