//! `#[op]` and `#[job]` of dynagraph.
//!
//! Their documentation is on the facade, `dynagraph`, which is also the crate to depend on.

mod args;
mod attrs;
mod debug;
mod duration;
mod errors;
mod generics;
mod hygiene;
mod item;
mod job;
mod krate;
mod op;
mod recover;
#[cfg(test)]
mod tests;
mod ty;

use proc_macro::TokenStream;

/// Makes an op of a function: see `dynagraph::op`.
#[proc_macro_attribute]
pub fn op(args: TokenStream, item: TokenStream) -> TokenStream {
    op::op(args.into(), item.into()).into()
}

/// Makes a function that composes into one that returns a job: see `dynagraph::job`.
#[proc_macro_attribute]
pub fn job(args: TokenStream, item: TokenStream) -> TokenStream {
    job::job(args.into(), item.into()).into()
}
