//! How far a run is: counted where things happen, drawn by a timer.

mod counts;
mod ctrl_c;
mod line;
mod pace;
mod watch;

pub(crate) use counts::{Counts, Tally};
pub(crate) use line::summary;
pub(crate) use watch::{Watched, watch};
