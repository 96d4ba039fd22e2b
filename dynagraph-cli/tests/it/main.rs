//! The command line, as a program's user sees it.

#![expect(clippy::trivially_copy_pass_by_ref, reason = "an op borrows whatever it likes")]
#![expect(clippy::needless_raw_string_hashes, reason = "a blessed snapshot has them")]

#[cfg(unix)]
mod ctrl_c;
mod jobs;
mod listing;
mod planning;
mod running;
mod stored;
mod support;
mod usage;
