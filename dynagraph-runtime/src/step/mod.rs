//! What a run knows of its steps.

mod alike;
mod blocks;
mod record;
mod records;
mod repeats;
mod report;
mod status;

pub(crate) use alike::Alike;
pub(crate) use blocks::{Block, Blocks, sort};
pub(crate) use record::{Extra, KeptError, StepRecord};
pub(crate) use records::Records;
pub(crate) use repeats::{Repeat, Repeats};
pub use report::StepReport;
pub(crate) use report::{StepNames, Steps};
pub use status::StepStatus;
