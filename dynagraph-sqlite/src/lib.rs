//! A store of dynagraph's runs in an SQLite database: [`SqliteStore`].
//!
//! The facade re-exports it, with its feature `sqlite`.
//!
//! ```
//! use dynagraph_runtime::store::{
//!     Codec, NodeInfo, OutputRecord, Record, RunInfo, RunStore, StepEnded, StoredValue,
//! };
//! use dynagraph_runtime::{KeyPath, StepStatus};
//! use dynagraph_sqlite::SqliteStore;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("runs.db");
//! let mut run = RunInfo::new("nightly");
//! run.nodes.push(NodeInfo::new("load", "load"));
//! {
//!     let store = SqliteStore::open(&path)?;
//!     let log = store.begin(&run)?;
//!     let mut step = StepEnded::new(0, KeyPath::root(), StepStatus::Success);
//!     step.outputs.push(OutputRecord::Value(StoredValue::new(Codec::Json, "u64", b"42".to_vec())));
//!     log.append(Record::StepEnded(step));
//!     log.flush().await?;
//! }
//! let stored = SqliteStore::open(&path)?.read(run.id)?;
//! let step = stored.step("load", &KeyPath::root()).unwrap();
//! assert_eq!(step.value(0).unwrap().bytes()?, b"42".as_slice());
//! # Ok(())
//! # }
//! ```
//!
//! # What is kept, and when
//!
//! One thread writes. It commits whatever is appended, at once; what is appended during a commit is the next group.
//! With [`Durability::Full`] a commit outlives a loss of power, with [`Durability::Normal`] the end of the process only, until
//! the next checkpoint.
//! A value of more than 64 KiB ([`SqliteOptions::inline_limit`]) is a file in the folder `<database>-values`, named by the
//! BLAKE3 hash of what is in it. It is durable before the commit that names it.
//!
//! Every event has a checksum of its own: of all that is in it, of its run, and of the node and the types that it names. A
//! value in a file has its name. What does not match is left out, so that a step counts as missing and is run again.
//!
//! # Who owns a run
//!
//! Whoever has the log of a run owns it, and says every 5 s that it is alive. A run whose owner is silent for 30 s may be
//! resumed by others; on Linux, also as soon as the owner's process has ended, if it was on the same machine. An owner that
//! was silent for too long and lives on cannot write any more.
//!
//! # The schema
//!
//! Any program may read the database while a run is live, such as the `sqlite3` shell. These views are made for people:
//!
//! | view | a row for each | columns |
//! |---|---|---|
//! | `runs` | run, the latest first | `run`, `job`, `status`, `error`, `started`, `ended`, `sessions` |
//! | `steps` | step, as it ended last | `run`, `step`, `op`, `version`, `status`, `attempts`, `error`, `started`, `seconds`, `fingerprint`, `value`, `event` |
//! | `attempts` | attempt that ended | `run`, `step`, `attempt`, `error`, `delay`, `event` |
//! | `emitted_keys` | key, each time it was emitted | `run`, `step`, `key`, `position`, `value`, `event` |
//!
//! A `value` is as its codec writes it. That of a step with several outputs is one after the other, without those that are
//! in files. In `runs`, `Started` may be a run whose process is dead.
//!
//! ```sql
//! SELECT step, attempts, error FROM steps WHERE status = 'Failure';
//! ```
//!
//! The tables, of which `user_version` 1 is the first and 2 the latest. A database of the first is made one of the latest when it
//! is opened:
//!
//! | table | holds |
//! |---|---|
//! | `run` | a run: its number, its id, who owns it, how it ended |
//! | `argument` | the arguments of its job |
//! | `node` | a node of a job: its name, its op's name and version, the names of its outputs and inputs |
//! | `type_name` | the name of a type of values |
//! | `event` | what happened, in order: it is only ever appended to |
//! | `cached_step` | for a fingerprint, the latest event of a step that other runs may reuse |
//! | `value_file` | which run uses which file |
//!
//! The number of an event is `(run << 32) + n`. Its columns:
//!
//! | column | |
//! |---|---|
//! | `kind` | 0: the run was begun or resumed; 1: a key was emitted; 2: a step is up for retry; 11 to 16: a step ended, with `Success`, `Failure`, `Skipped`, `UpstreamFailed`, `Canceled` or `Cached` |
//! | `node`, `path` | the step: its node, and its mapping keys joined by `/`, percent-encoded; inside a key that is itself a path the parts are joined by `?` |
//! | `number` | the number of attempts, of the attempt, of the key in the order of emission, or of the session |
//! | `key` | the key that was emitted, encoded as in `path` |
//! | `at`, `duration` | microseconds: since 1970, and how long a step took or waits for its retry |
//! | `text` | an error; of a session, what the job's graph was |
//! | `fingerprint` | 16 bytes: what the step's result depends on |
//! | `meta` | the checksum, and in few bytes what is known of each output: whether it has a value, its codec, type, length, and hash if it is a file; then 8 bytes for each input of a step |
//! | `value` | the values of the outputs, one after the other |
//!
//! Deleting runs leaves room in the file that is used again; `VACUUM` in a shell makes the file smaller.
//! A database of a later schema is refused.

mod bytes;
mod decode;
mod encode;
mod error;
mod files;
mod find;
mod log;
mod names;
mod options;
mod owner;
mod read;
mod row;
mod run;
mod schema;
mod store;
mod time;
mod writer;

pub use options::{Durability, SqliteOptions};
pub use store::SqliteStore;
