//! `#[op]`: one function becomes one op.
//!
//! ```text
//! tokens ──parse──▶ Syntax ──model──▶ Op ──expand──▶ tokens
//! ```

mod expand;
mod handles;
mod input;
mod model;
mod output;
mod parse;
mod rules;
mod start;

use proc_macro2::TokenStream;

use crate::errors::Errors;
use crate::{debug, recover};
use model::Op;
use parse::Syntax;

/// Expands `#[op(args)] item`.
pub(crate) fn op(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(syntax) = Syntax::parse(args, item.clone(), &mut errors) else {
        return recover::unchanged(item, errors);
    };
    let ident = syntax.function.sig.ident.clone();
    let Some(op) = Op::new(syntax, &mut errors) else {
        return recover::unchanged(item, errors);
    };
    let expansion = recover::beside(expand::expand(&op), errors);
    debug::print(&ident, &expansion);
    expansion
}
