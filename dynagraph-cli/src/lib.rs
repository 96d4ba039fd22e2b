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
//! | `run JOB --arg name=value` | runs a job: its output goes to stdout, everything else to stderr |
//! | `completions SHELL` | a script that completes commands, and for bash and zsh the names of jobs |
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
