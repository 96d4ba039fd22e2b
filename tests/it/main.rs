//! Jobs end to end, through the public API only.

#![expect(clippy::many_single_char_names, reason = "what an op adds needs no name")]
#![expect(clippy::type_complexity, reason = "a job's type is what a test shows")]
#![expect(clippy::manual_assert, reason = "an op that panics says so")]
#![expect(clippy::too_many_arguments, reason = "an op has up to twelve inputs")]
#![expect(clippy::ref_option, reason = "an op borrows whatever it likes")]
#![expect(clippy::unnecessary_wraps, reason = "an op that cannot fail may say it can")]
#![expect(clippy::trivially_copy_pass_by_ref, reason = "an op borrows whatever it likes")]

extern crate dynagraph as renamed;

mod canceling;
mod capturing;
mod composition;
mod context;
mod ctrl_c;
mod documents;
mod dropping;
mod emitting_again;
mod ending;
mod events;
mod examples;
mod failing;
mod fan_in;
mod fan_out;
mod faulty_store;
mod held_back;
mod hygiene;
mod keys;
mod limits;
mod matrix;
mod mistakes;
mod model;
mod op_arguments;
mod op_forms;
mod panicking;
mod partial;
mod pools;
mod private_types;
mod raw_names;
mod resources;
mod results;
mod retrying;
mod selecting;
mod skipping;
mod spans;
mod storing;
mod support;
mod test_kit;
mod timing_out;
mod windows;
mod without_macros;
