//! What a run knows of its steps.

mod blocks;
mod record;
mod report;
mod status;

pub(crate) use blocks::Blocks;
pub(crate) use record::{Extra, KeptError, StepRecord};
pub use report::StepReport;
pub(crate) use report::{StepNames, Steps};
pub use status::StepStatus;
