#![doc = include_str!("../../README.md")]
//!
//! # Cargo features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `macros` | yes | `#[op]` and `#[job]` |
//! | `sqlite` | no | `SqliteStore`: [runs that go on](#a-run-that-goes-on-where-it-stopped) after their process has ended; brings `serde` |
//! | `cli` | no | `dynagraph::cli`: a command line for a program's jobs, which make themselves known by their names; with `sqlite`, it keeps runs |
//! | `serde` | no | values as bytes: [what outlives a run](macro@op#what-outlives-a-run), and `codec` |
//! | `json` | no | the same as JSON, for people who look; brings `serde` |
//! | `test` | no | runs that replace ops and repeat their randomness, and contexts as a test needs them |
//!
//! # Watching a run
//!
//! A closure is told of every [`Event`] where it happens; a started run can be read, canceled and awaited.
//!
//! ```
//! use dynagraph::prelude::*;
//! use dynagraph::{EventKind, RunError};
//!
//! #[op]
//! fn files() -> Vec<DynamicOutput<String>> {
//!     ["a", "b"].map(|name| DynamicOutput::new(format!("{name}.csv"), name)).into()
//! }
//!
//! #[op]
//! fn load(ctx: OpContext, file: &str) -> usize {
//!     ctx.progress(file.len() as u64, file.len() as u64);
//!     ctx.add_output_metadata("bytes", file.len());
//!     file.len()
//! }
//!
//! #[job]
//! fn nightly() -> DynamicHandle<usize> {
//!     files().map(load)
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), RunError> {
//!     let run = nightly().run().on_event(|event| {
//!         if let EventKind::StepFailure { step, error, .. } = &event.kind {
//!             eprintln!("{step}: {error}");
//!         }
//!     });
//!     let run = run.start();
//!     let mut events = run.events();
//!     let mut bytes = Vec::new();
//!     while let Some(event) = events.next().await {
//!         if let EventKind::StepSuccess { step, metadata, .. } = event.kind {
//!             bytes.extend(metadata.iter().map(|(name, value)| format!("{step}: {value} {name}")));
//!         }
//!     }
//!     bytes.sort();
//!     assert_eq!(bytes, ["load[a]: 5 bytes", "load[b]: 5 bytes"]);
//!     assert_eq!(run.await?.len(), 2);
//!     Ok(())
//! }
//! ```
//!
//! For [`tracing`](https://docs.rs/tracing), every run has a span `run{job, run_id}`, and every attempt in it a span
//! `step{run_id, step, attempt}`, both under the target `dynagraph`: what an op logs carries them.

#[cfg(feature = "macros")]
/// Makes a function an op: a unit of work that can be invoked in a job.
///
/// It leaves a function and a type of the function's name.
///
/// - `compute(handle_or_value)`, inside a [`job`](macro@job), records one use of the op and returns its handle.
/// - `compute::call(value)` is the function as written, for unit tests and plain code.
/// - `compute` is a type that implements [`Op`].
///
/// # Inputs
///
/// - An owned parameter is moved when its step is the value's last user, and cloned otherwise.
/// - `&T`, `&[T]` and `&str` borrow a `T`, a `Vec<T>` and a `String`; they are never cloned.
/// - [`OpContext`], [`Resource<R>`](Resource) and [`DynamicOut<T>`](DynamicOut) are given by the engine, and are no inputs.
/// - At most 12 inputs. What travels between ops is [`Value`].
///
/// # Outputs
///
/// | the function returns | an invocation gives |
/// |---|---|
/// | `T` | `OutputHandle<T>` |
/// | `Vec<DynamicOutput<T>>`, `impl Stream<Item = DynamicOutput<T>>`, `impl Iterator<Item = DynamicOutput<T>>` | `DynamicHandle<T>` |
/// | nothing, and emits to a parameter `DynamicOut<T>` | `DynamicHandle<T>` |
/// | `Option<T>`, with `optional` | `OutputHandle<T>`; `None` skips what needs it |
/// | a tuple, with `out(a, b)`; or several `DynamicOut` | one handle each, by name or `.into()` a tuple |
/// | `Result` of any of these | the same; `Err` fails the step |
///
/// # What outlives a run
///
/// With the feature `serde`, an op knows how to write and read every input and output whose type implements serde's
/// `Serialize` and `Deserialize`: it captures a `ValueCodec` of it. There is nothing to write, and nothing is asked of other
/// types. A generic op captures what its own bounds promise.
///
/// - A value of any other type ends with its run: where it is needed again, its op runs again.
/// - Values are MessagePack with the names of fields, so that a type may gain fields with a default, lose and reorder them.
/// - Bytes are written much smaller and faster by `serde_bytes` than as a `Vec<u8>`.
/// - What would be read as something else, such as `Some(None)`, is refused, as if its type had no codec.
/// - A `HashMap` never looks the same twice, and so what it feeds is not known to be the same: take a `BTreeMap`.
///
/// # Where it runs
///
/// An `async fn` runs on the runtime's workers.
/// Any other runs on a thread that may block, unless it is `inline`.
///
/// # Arguments
///
/// | argument | |
/// |---|---|
/// | `name = "…"` | the op's name, instead of the function's |
/// | `version = "…"` | changes when the results would |
/// | `cache` | a step whose op, `version` and inputs are those of a step in any run of the same store gives what that one gave |
/// | `max_retries = 3` | a step that fails is tried again, at most so often: see [`RetryPolicy`] |
/// | `delay = "200ms"` | the delay before a retry; without it, none |
/// | `backoff = "…"` | how the delay grows: `constant`, `linear` or `exponential`, as in [`Backoff`] |
/// | `jitter = "…"` | how the delay is made random: `full` or `plus_minus`, as in [`Jitter`] |
/// | `max_delay = "10s"` | no delay is longer |
/// | `retry_if = path` | a function of a reference to the error that the op returned: if it gives false, there is no retry |
/// | `retry_panics` | a panic is retried as an error is |
/// | `timeout = "30s"` | an attempt that takes longer fails; a blocking op runs on nevertheless, and keeps its slots |
/// | `idle_timeout = "5s"` | an attempt that gives no [`heartbeat`](OpContext::heartbeat) for longer fails |
/// | `max_concurrent = 8` | at most so many steps of one use of the op at once |
/// | `pool = "…"` | each step takes a slot of the run's pool of this name |
/// | `weight = 2` | each step takes so many slots of the pool |
/// | `optional` | the function returns an `Option` |
/// | `out(a, b: optional)` | the names of a tuple's outputs |
/// | `inline` | a sync op that never blocks: runs on the workers |
/// | `crate = ::path` | where this crate is, if it is renamed |
///
/// A duration is one or more numbers with a unit, such as `"200ms"`, `"1.5s"` or `"1m 30s"`.
/// The units are `ns`, `us`, `ms`, `s`, `m`, `h` and `d`.
///
/// # Examples
///
/// ```
/// use dynagraph::prelude::*;
///
/// #[op]
/// fn words(text: &str) -> Vec<DynamicOutput<String>> {
///     text.split(' ').map(|word| DynamicOutput::new(word.to_owned(), word)).collect()
/// }
///
/// #[op]
/// async fn length(word: String) -> Result<usize, std::io::Error> {
///     Ok(word.len())
/// }
///
/// assert_eq!(words::call("a bc").len(), 2);
/// ```
///
/// An op that is retried where that may help:
///
/// ```
/// use std::io;
///
/// use dynagraph::prelude::*;
///
/// fn is_transient(error: &io::Error) -> bool {
///     error.kind() == io::ErrorKind::TimedOut
/// }
///
/// #[op(max_retries = 3, delay = "200ms", backoff = "exponential", retry_if = is_transient, timeout = "30s")]
/// async fn fetch(url: String) -> io::Result<String> {
///     Ok(url)
/// }
/// ```
pub use dynagraph_macros::op;

#[cfg(feature = "cli")]
pub use dynagraph_cli as cli;

#[cfg(feature = "macros")]
/// Makes a function that composes ops a job.
///
/// The body is ordinary Rust and is not rewritten; calling the function runs it once and gives a [`Job`].
/// Parameters are plain values, given when the job is made.
/// The function returns nothing, a handle, or a tuple of handles; see [`JobOutput`].
///
/// # Arguments
///
/// | argument | |
/// |---|---|
/// | `name = "…"` | the job's name, instead of the function's |
/// | `unlisted` | the job is not known by its name, with the feature `cli` |
/// | `crate = ::path` | where this crate is, if it is renamed |
///
/// With the feature `cli`, a job that is generic is unlisted too, and one inside an `impl` has to be.
///
/// # Examples
///
/// ```
/// use dynagraph::prelude::*;
///
/// #[op]
/// fn numbers(up_to: u64) -> Vec<DynamicOutput<u64>> {
///     (0..up_to).map(|n| DynamicOutput::new(n, n)).collect()
/// }
///
/// #[op]
/// fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// #[op]
/// fn sum(squares: &[u64]) -> u64 {
///     squares.iter().sum()
/// }
///
/// #[job]
/// fn sum_of_squares(up_to: u64) -> OutputHandle<u64> {
///     sum(numbers(up_to).map(square).collect())
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), dynagraph::RunError> {
/// assert_eq!(sum_of_squares(4).run().await?, 14);
/// # Ok(())
/// # }
/// ```
pub use dynagraph_macros::job;
pub use dynagraph_runtime::*;
#[cfg(feature = "sqlite")]
pub use dynagraph_sqlite::{Durability, SqliteOptions, SqliteStore};

/// What a program with jobs names all the time.
pub mod prelude {
    #[cfg(feature = "macros")]
    pub use dynagraph_macros::{job, op};
    #[cfg(feature = "test")]
    pub use dynagraph_runtime::Replace as _;
    pub use dynagraph_runtime::time::{hours, mins, ms, per_hour, per_minute, per_second, secs};
    pub use dynagraph_runtime::{
        Backoff, DynamicHandle, DynamicOut, DynamicOutput, EmitError, Jitter, Job, Keyed, Mapped,
        MappingKey, Op, OpContext, OpError, OutputHandle, Partial, Resource, RetryPolicy, RunError,
        RunReport, RunStatus, StepStatus, Tolerance,
    };
}

/// What code generated by `#[op]` and `#[job]` names. Not part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use dynagraph_runtime::capturing::{Capture, Failed};
    pub use dynagraph_runtime::{
        Backoff, Call, Composed, Handles, Held, Jitter, NodeHandle, OpSpec, Output, OutputSpec,
        Owned, Place, RetryPolicy, Returned, Started, Value, invoke, register_job,
    };
}
