//! The command line of dynagraph: lists, plans and runs the jobs of a program.
//!
//! Programs name it as `dynagraph::cli`, with the feature `cli`.
//! Every function with `#[job]` in the program and in the crates that it uses is known by its name; generic ones are not, and
//! those with `#[job(unlisted)]`.
//!
//! | command | |
//! |---|---|
//! | `list` | the jobs, with their parameters |
//! | `plan JOB` | a job's graph, as text, for Mermaid or for Graphviz |
//! | `plan JOB --store runs.db [--run RUN]` | and how much of it would be reused if a run of it were resumed, and what would run and why |
//! | `run JOB --arg name=value` | runs a job: its output goes to stdout, everything else to stderr |
//! | `run JOB --store runs.db` | keeps the run in a store |
//! | `run JOB --select STEPS` | begins a run that executes these steps only, such as `+fetch[7]` |
//! | `resume [RUN]` | goes on with a run, or with the latest that has not succeeded; its arguments are stored |
//! | `resume [RUN] --select STEPS` | executes steps again on what a run has stored, the latest unless said |
//! | `runs` | the runs of a store, the latest first |
//! | `show RUN [STEP]` | how many steps of each op ended how, and why they failed; or one step. With `--values`, what they gave |
//! | `why RUN STEP` | why a step was run or not: what changed since the run of the job before |
//! | `spin RUN STEP` | executes one step alone on its stored inputs, prints what it gave as JSON, and stores nothing |
//! | `cancel RUN` | asks the process that owns a run to cancel it |
//! | `gc --older-than 30d` | deletes the runs that were begun before |
//! | `completions SHELL` | a script that completes commands, and for bash and zsh the names of jobs |
//!
//! # Stores
//!
//! A command takes its store from `--store`, or else from the variable `DYNAGRAPH_STORE`, or else from the program:
//! [`Cli::store`]. A path is that of an `SQLite` database, and needs the feature `sqlite`; a program can give any other
//! store. `RUN` is the id of a run, or as many of its first digits as no other run of the store begins with.
//!
//! Times are in UTC. What a run took is the time from its beginning to its last end, with what was between its sessions.
//! Of a run that has not ended, steps are shown that have. Values are shown as JSON: bytes as hexadecimal text, and `NaN` and
//! the infinities by their names. `show` without `--json` cuts long ones.
//!
//! # Parts of a job
//!
//! [`Run::select`](dynagraph_runtime::Run::select) says how steps are named. In a shell, `[` and `*` are quoted:
//! `--select 'clean[us/*]+'`; several `--select` are joined. `run --select` has nothing of the runs before, so that it needs
//! what is above the steps, too: `+clean`. The status is 2 if no step was executed: none matches, or all lack what they take.
//!
//! `plan` with a store does not run anything, and so it does not know whether inputs are the same: what it calls reused is
//! reused if they are. `2+` stands for two steps at least, where only a run knows how many keys there are. Arguments that are
//! not given are those of the run.
//!
//! After a run that went on, lines after the summary say how many steps were reused, which were not and why, and what could
//! not be stored; `--json` has them as `resumed` and `unstored_outputs`.
//!
//! # Parameters
//!
//! A job's parameter is given as text if its type implements [`FromStr`](std::str::FromStr), is an `Option` of such a type, or
//! is `&str`. A `Vec` of such a type takes any number of `--arg` with its name.
//!
//! # Examples
//!
//! A program with one job, which does what its arguments say:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use dynagraph::prelude::*;
//!
//! #[op]
//! fn double(number: u64) -> u64 {
//!     number * 2
//! }
//!
//! /// Doubles a number.
//! #[job]
//! fn doubled(number: u64) -> OutputHandle<u64> {
//!     double(number)
//! }
//!
//! fn main() -> ExitCode {
//!     dynagraph::cli::main()
//! }
//! ```
//!
//! What is called `doubled run doubled --arg number=21` on a command line, in a test:
//!
//! ```standalone_crate
//! # use dynagraph::prelude::*;
//! # #[op]
//! # fn double(number: u64) -> u64 {
//! #     number * 2
//! # }
//! # /// Doubles a number.
//! # #[job]
//! # fn doubled(number: u64) -> OutputHandle<u64> {
//! #     double(number)
//! # }
//! use dynagraph::cli::{Cli, Exit};
//!
//! # #[tokio::main]
//! # async fn main() {
//! let (mut output, mut messages) = (Vec::new(), Vec::new());
//! let arguments = ["doubled", "run", "doubled", "--arg", "number=21"];
//! let exit = Cli::new().run_from(arguments, &mut output, &mut messages).await;
//! assert_eq!((exit, &*output), (Exit::Success, &b"42\n"[..]));
//! # }
//! ```

mod cli;
mod command;
mod console;
mod exit;
mod progress;

pub use cli::{Cli, main};
pub use exit::Exit;
