//! Which steps a run is asked for: `clean[us/*]+`.
//!
//! ```text
//! text ─▶ parse ─▶ terms ─▶ choose ─▶ Chosen: for each node, the steps that are selected, and those that they need
//!                             ▲
//!                           relate: what is above and below, by the edges of the graph
//! ```
//!
//! Pure: it looks at texts and at the graph as it was composed.

mod choose;
mod parse;
mod pattern;
mod relate;

pub(crate) use choose::{Asked, Choice, Chosen, choose};
