//! `#[job]`: one function that composes becomes one that returns a job.
//!
//! ```text
//! tokens ──parse──▶ Syntax ──model──▶ Job ──expand──▶ tokens
//! ```

mod expand;
mod listing;
mod model;
mod parse;

use proc_macro2::TokenStream;

use crate::errors::Errors;
use crate::{debug, recover};
use model::Job;
use parse::Syntax;

/// Expands `#[job(args)] item`.
pub(crate) fn job(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(syntax) = Syntax::parse(args, item.clone(), &mut errors) else {
        return recover::unchanged(item, errors);
    };
    let ident = syntax.function.sig.ident.clone();
    let Some(job) = Job::new(syntax, &mut errors) else {
        return recover::unchanged(item, errors);
    };
    let expansion = recover::beside(expand::expand(&job), errors);
    debug::print(&ident, &expansion);
    expansion
}
