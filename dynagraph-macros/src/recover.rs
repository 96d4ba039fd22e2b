//! What is emitted after a mistake, so that it is reported once.
//!
//! An op whose signature is refused still expands, with bodies that never run: jobs that use it, and tests that
//! call it, see no second mistake.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use crate::errors::Errors;

/// The item as it was, beside the mistakes.
pub(crate) fn unchanged(item: impl ToTokens, errors: Errors) -> TokenStream {
    beside(item, errors)
}

/// Something that makes uses of the item resolve, beside the mistakes.
pub(crate) fn beside(item: impl ToTokens, errors: Errors) -> TokenStream {
    let errors = errors.finish();
    quote!(#item #errors)
}

/// What stands for the body of a function that is refused, with its braces.
pub(crate) fn no_body() -> TokenStream {
    quote!({ ::core::unreachable!() })
}

/// The attribute that a function needs whose body is not the user's.
pub(crate) fn unused(has_body: bool) -> Option<TokenStream> {
    (!has_body).then(|| quote!(#[allow(unused_variables)]))
}
