//! What a run knows of its steps.

mod blocks;
mod record;
mod records;
mod report;
mod status;

pub(crate) use blocks::{Blocks, sort};
pub(crate) use record::{Extra, KeptError, StepRecord};
pub(crate) use records::Records;
pub use report::StepReport;
pub(crate) use report::{StepNames, Steps};
pub use status::StepStatus;
